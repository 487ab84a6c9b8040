// The MQTT connection: clean session, QoS 0, tried again for ever (protocol, sections 2 and 3).

import mqtt from 'mqtt';

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30000;

/** speaker: up(), message(topic, payload), linked. */
export class Link {
  constructor(file, speaker, log) {
    Object.assign(this, { file, speaker, log });
    this.prefix = `loa/1/d/${file.device}`;
  }
  publish(kind, data) {
    this.client.publish(`${this.prefix}/up/${kind}`, data, { qos: 0, retain: false });
  }
  connect(pause = FIRST_PAUSE) {
    const { url, username, password } = this.file.broker;
    const client = this.client = mqtt.connect(url, {
      clientId: this.file.device, username, password, protocolVersion: 4, clean: true, keepalive: 30, reconnectPeriod: 0,
      resubscribe: false, queueQoSZero: false, connectTimeout: 10000,
      will: { topic: `${this.prefix}/up/bye`, payload: Buffer.alloc(0), qos: 0, retain: false },
    });
    let next = Math.min(LONGEST_PAUSE, pause * 2);
    client.on('connect', () => {
      next = FIRST_PAUSE;
      const authorities = this.file.follows.flatMap((name) => [`loa/1/a/${name}/orders`, `loa/1/a/${name}/head`]);
      client.subscribe([`${this.prefix}/down`, ...authorities], { qos: 0 });
      this.speaker.up();
    });
    client.on('message', (topic, payload) => this.speaker.message(topic, payload));
    client.on('error', (error) => this.log('link', error.message));
    client.on('close', () => {
      if (client !== this.client) return;
      this.client = null;
      this.speaker.linked = false;
      client.end(true);
      setTimeout(() => this.connect(next), pause * (0.5 + Math.random()));
    });
  }
}
