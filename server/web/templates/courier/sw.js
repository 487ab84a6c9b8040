// Keeps the courier's page and what it is made of, so that it opens where there is no network. Nothing else is kept.
"use strict";
const NAME = "loa-courier-{{ version }}";
const KEPT = {{ kept|tojson }};

self.addEventListener("install", (event) => {
  const fresh = KEPT.map((path) => new Request(path, { cache: "reload" }));
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(fresh)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const clean = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith("loa-courier-") && name !== NAME).map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(clean());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const path = url.pathname === "{{ page_path }}" ? url.pathname : url.pathname + url.search;
  if (event.request.method !== "GET" || url.origin !== self.location.origin || !KEPT.includes(path)) return;
  event.respondWith(caches.open(NAME).then((cache) => cache.match(path)).then((kept) => kept || fetch(event.request)));
});
