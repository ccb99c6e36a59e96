// An unmodified ably-js, driven by JSON lines: {"do", ...} in, {"ok"} or {"error"} out for each in
// order, and {"event", ...} for each received event. Bytes are {"$bytes": base64}.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const Ably = createRequire(process.env.WEB_PACKAGE_JSON)('ably');
let realtime;
let rest;

const toWire = (value) => (Buffer.isBuffer(value) ? { $bytes: value.toString('base64') } : value);
const fromWire = (value) =>
  value && value.$bytes !== undefined ? Buffer.from(value.$bytes, 'base64') : value;
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const message = ({ name, data, id, clientId, connectionId, timestamp, serial, action, extras }) => ({
  name,
  data: toWire(data),
  id,
  clientId,
  connectionId,
  timestamp,
  serial,
  action,
  extras,
});

async function allPages(page) {
  const pages = [];
  for (let current = page; current; current = current.hasNext() ? await current.next() : null) {
    pages.push(current.items.map(message));
  }
  return pages;
}

function withTokens(options) {
  const { tokens, key, ...others } = options;
  if (!tokens) return options;
  const signer = new Ably.Rest({ ...others, key });
  let calls = 0;
  return {
    ...others,
    authCallback: (_params, callback) => {
      say({ event: 'auth', call: (calls += 1) });
      signer.auth.createTokenRequest(tokens).then(
        (request) => callback(null, request),
        (error) => callback(error, null),
      );
    },
  };
}

const channel = (name, options) => realtime.channels.get(name, options);

const commands = {
  async connect({ options }) {
    const all = { logLevel: 0, disconnectedRetryTimeout: 200, ...withTokens(options) };
    rest = new Ably.Rest(all);
    realtime = new Ably.Realtime(all);
    realtime.connection.on((change) =>
      say({ event: 'connection', state: change.current, code: change.reason?.code }),
    );
    const { current, reason } = await new Promise((done) => {
      realtime.connection.once('connected', done);
      realtime.connection.once('failed', done);
    });
    if (current === 'failed') throw reason;
    return { id: realtime.connection.id, clientId: realtime.auth.clientId };
  },
  async ping() {
    return realtime.connection.ping();
  },
  async attach({ name, options }) {
    const change = await channel(name, options).attach();
    return { resumed: change?.resumed, backlog: change?.hasBacklog };
  },
  async modes({ name }) {
    return channel(name).modes;
  },
  async detach({ name }) {
    await channel(name).detach();
    return channel(name).state;
  },
  async subscribe({ name, options }) {
    channel(name, options).on((change) =>
      say({ event: 'channel', state: change.current, resumed: change.resumed }),
    );
    await channel(name).subscribe((each) => say({ event: 'message', ...message(each) }));
  },
  async publish({ name, messages }) {
    const decoded = messages.map((each) => ({ ...each, data: fromWire(each.data) }));
    return channel(name).publish(decoded.length === 1 ? decoded[0] : decoded);
  },
  async restPublish({ name, messages }) {
    return rest.channels.get(name).publish(messages.length === 1 ? messages[0] : messages);
  },
  async batchPublish({ specs }) {
    return rest.batchPublish(specs);
  },
  async history({ name, params }) {
    return allPages(await channel(name).history(params));
  },
  async watchPresence({ name }) {
    await channel(name).presence.subscribe((each) => say({ event: 'presence', ...message(each) }));
  },
  async presence({ name, how, data }) {
    await channel(name).presence[how](data);
  },
  async members({ name }) {
    return (await channel(name).presence.get()).map(message);
  },
  async restMembers({ name }) {
    return (await rest.channels.get(name).presence.get()).items.map(message);
  },
  async status({ name }) {
    return rest.channels.get(name).status();
  },
  async time() {
    return rest.time();
  },
  async id() {
    return realtime.connection.id;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    say({ ok: (await commands[command.do](command)) ?? null });
  } catch ({ code, statusCode, message: text }) {
    say({ error: { code, statusCode, message: text } });
  }
}
realtime?.close();
setTimeout(() => process.exit(0), 200).unref();
