// An unmodified ably-js as a chat client, driven by JSON lines: {"do", ...} in, {"ok"} or {"error"}
// out for each in order, {"change"} for each change and {"members"} after each change of presence.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const Ably = createRequire(process.env.WEB_PACKAGE_JSON)('ably');
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

let client;
let outgoing;

const commands = {
  async connect({ authUrl, port }) {
    client = new Ably.Realtime({ authUrl, endpoint: 'localhost', port, tls: false, logLevel: 0 });
    outgoing = client.channels.get('outgoing-chat');
    const incoming = client.channels.get('incoming-chat');
    await incoming.subscribe((message) => say({ change: JSON.parse(message.data) }));
    return client.auth.clientId;
  },
  publish: ({ name, data }) => outgoing.publish(name, data),
  async enter({ data }) {
    await outgoing.presence.subscribe(async () => {
      const members = await outgoing.presence.get();
      say({ members: members.map(({ clientId, data }) => ({ clientId, data })) });
    });
    await outgoing.presence.enter(data);
  },
  async close() {
    client.close();
    process.exit(0);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    say({ ok: (await commands[command.do](command)) ?? null });
  } catch (error) {
    say({ error: error.message, code: error.code });
  }
}
