/** The room on Ably: publishes and is present on one channel, hears the database on the other. */

import {
  BaseRealtime,
  FetchRequest,
  RealtimePresence,
  WebSocketTransport,
  type ModularPlugins,
} from 'ably/modular'
import type { ClientOptions, ErrorInfo, RealtimeChannel } from 'ably'
import type { AblyAddress, PageConfig } from './config'
import type { Connect, ConnectionStatus, Member } from './roomConnection'

type Options = ClientOptions & { plugins: ModularPlugins }

export const connectToAbly: Connect = (config, username, events) => {
  const client = new BaseRealtime(clientOptions(config))
  const incoming = client.channels.get(config.incomingChannel, { modes: ['SUBSCRIBE'] })
  // Without SUBSCRIBE, what everybody publishes here does not come back to everybody.
  const outgoing = client.channels.get(config.outgoingChannel, {
    modes: ['PUBLISH', 'PRESENCE', 'PRESENCE_SUBSCRIBE'],
  })

  const reportStatus = () => {
    events.statusChanged(statusOf(client, incoming))
  }
  client.connection.on(reportStatus)
  client.connection.on('connected', () => {
    events.identified(client.auth.clientId)
  })
  incoming.on(reportStatus)
  incoming.on(['attached', 'update'], ({ resumed }) => {
    if (!resumed) events.continuityLost()
  })
  // A failed attach shows in the channel's state, which is reported above; the same holds below.
  incoming
    .subscribe(({ data }) => {
      events.received(data)
    })
    .catch(ignore)
  followMembers(outgoing, username, events.membersChanged)
  reportStatus()

  return {
    publish: async (message) => {
      await outgoing.publish(message)
    },
    reconnect: () => {
      client.connect()
    },
    close: () => {
      client.close()
    },
  }
}

function clientOptions(config: PageConfig): Options {
  return {
    authUrl: new URL(config.authUrl, location.href).href,
    plugins: { WebSocketTransport, FetchRequest, RealtimePresence },
    ...(config.ably && addressOptions(config.ably)),
  }
}

/** Another Ably than the real one: its address, and no question to hosts on the internet. */
function addressOptions({ endpoint, port, tls }: AblyAddress): Partial<ClientOptions> {
  return {
    endpoint,
    tls,
    ...(tls ? { tlsPort: port } : { port }),
    fallbackHosts: [],
    disableConnectivityCheck: true,
    wsConnectivityCheckUrl: `${tls ? 'wss' : 'ws'}://${endpoint}:${port}/`,
  }
}

function statusOf(client: BaseRealtime, incoming: RealtimeChannel): ConnectionStatus {
  const reason = messageOf(client.connection.errorReason)
  switch (client.connection.state) {
    case 'connected':
      return channelStatus(incoming)
    case 'disconnected':
      return { state: 'reconnecting', reason }
    case 'suspended':
      return { state: 'offline', reason }
    case 'failed':
    case 'closing':
    case 'closed':
      return { state: 'failed', reason }
    case 'initialized':
    case 'connecting':
      return { state: 'connecting', reason: null }
  }
}

/** A connection is of no use before the database's changes arrive on it. */
function channelStatus(incoming: RealtimeChannel): ConnectionStatus {
  const reason = messageOf(incoming.errorReason)
  switch (incoming.state) {
    case 'attached':
      return { state: 'connected', reason: null }
    case 'failed':
      return { state: 'failed', reason }
    case 'suspended':
      return { state: 'reconnecting', reason }
    default:
      return { state: 'connecting', reason: null }
  }
}

/** The SDK's types promise a reason where at run time there may be none. */
function messageOf(reason: ErrorInfo | null | undefined): string | null {
  return reason?.message ?? null
}

function followMembers(
  channel: RealtimeChannel,
  username: string,
  changed: (members: Member[]) => void,
): void {
  const report = async () => {
    const present = await channel.presence.get()
    const members = new Map<string, Member>()
    for (const { clientId, data } of present)
      members.set(clientId, { clientId, username: nameIn(data) })
    changed([...members.values()])
  }
  channel.presence
    .subscribe(() => {
      report().catch(ignore)
    })
    .catch(ignore)
  // On every attach, since an entry that failed with the connection is not repeated by the SDK.
  channel.on('attached', () => {
    channel.presence.enter({ username }).catch(ignore)
    report().catch(ignore)
  })
}

function nameIn(data: unknown): string {
  const named = typeof data === 'object' && data !== null && 'username' in data
  return named && typeof data.username === 'string' ? data.username : 'someone'
}

function ignore(): void {
  /* Told by a state or repeated at the next attach. */
}
