/** The room as the page needs it from a realtime service: a port, so that the rest knows no SDK. */

import type { PageConfig } from './config'
import type { OutgoingMessage } from './submissions'

/** `connected` means that live changes arrive. */
export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'offline' | 'failed'

export interface ConnectionStatus {
  state: ConnectionState
  reason: string | null
}

export interface Member {
  clientId: string
  username: string
}

export interface RoomEvents {
  statusChanged: (status: ConnectionStatus) => void
  /** Who the service says this reader is. */
  identified: (clientId: string) => void
  /** Live changes flow from here on, but earlier ones may have been missed: at the start, after a gap. */
  continuityLost: () => void
  received: (data: unknown) => void
  /** Everyone present, each once. */
  membersChanged: (members: Member[]) => void
}

export interface RoomConnection {
  /**
   * Resolves when the service has accepted the message.
   *
   * @throws Error with the service's reason
   */
  publish: (message: OutgoingMessage) => Promise<void>
  /** Tries again after `failed`. */
  reconnect: () => void
  close: () => void
}

export type Connect = (config: PageConfig, username: string, events: RoomEvents) => RoomConnection
