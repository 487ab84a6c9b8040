from devices.broker_files import SERVER_USER, BrokerDevice, mosquitto_files, nats_config

DEVICES = [BrokerDevice("s1", "secret-1", ("c", "p")), BrokerDevice("s2", "secret-2", ("c", "p"))]


def test_mosquitto_files_hold_no_password_and_change_only_with_the_secrets() -> None:
    files = mosquitto_files(DEVICES, "top")
    assert "secret-1" not in files["passwd"]
    assert files == mosquitto_files(DEVICES, "top")
    other = mosquitto_files([BrokerDevice("s1", "new", ("c", "p")), DEVICES[1]], "top")
    changed = set(other["passwd"].splitlines()) ^ set(files["passwd"].splitlines())
    assert {line.partition(":")[0] for line in changed} == {"s1"}


def test_every_device_has_its_own_topics_only() -> None:
    acl = mosquitto_files(DEVICES, "top")["acl"]
    (mine,) = [part for part in acl.split("\n\n") if "user s1" in part]
    assert "topic write loa/1/d/s1/up/hello" in mine
    assert "topic read loa/1/a/p/orders" in mine
    assert "s2" not in mine
    assert "topic readwrite" not in mine


def test_nats_subjects_follow_the_topics_and_text_is_quoted() -> None:
    text = nats_config(
        [BrokerDevice("s1", 'a"b\\', ("c",))], "top", host="127.0.0.1", port=1883, store_dir="/var/lib/x"
    )
    assert 'publish: { allow: ["loa.1.d.s1.up.hello"' in text
    assert '"loa.1.live.>", "loa.1.live"' in text
    assert 'password: "a\\"b\\\\"' in text
    assert f'user: "{SERVER_USER}", password: "top"' in text
