/** The chat room: owns the connection, the log and what is under way; components only show it. */

import { computed, onScopeDispose, readonly, ref, shallowRef } from 'vue'
import { connectToAbly } from '@/chat/ablyConnection'
import type { PageConfig } from '@/chat/config'
import { toEntries } from '@/chat/entries'
import { historyFrom } from '@/chat/history'
import { MessageLog } from '@/chat/messageLog'
import type { Connect, ConnectionStatus, Member } from '@/chat/roomConnection'
import { parseChange, type ChatRow } from '@/chat/rows'
import { useHistory } from './useHistory'
import { useSubmissions } from './useSubmissions'

export interface ChatRoomOptions {
  /** @default connectToAbly */
  connect?: Connect
  /** @default the browser's fetch */
  fetcher?: typeof fetch
}

export function useChatRoom(config: PageConfig, username: string, options: ChatRoomOptions = {}) {
  const { connect = connectToAbly, fetcher } = options
  const log = new MessageLog()
  const rows = shallowRef<ChatRow[]>([])
  const members = shallowRef<Member[]>([])
  const clientId = ref<string | null>(null)
  const status = shallowRef<ConnectionStatus>({ state: 'connecting', reason: null })

  const history = useHistory(log, historyFrom(config.messagesUrl, fetcher), show)
  const connection = connect(config, username, {
    statusChanged: (changed) => {
      status.value = changed
    },
    identified: (id) => {
      clientId.value = id
    },
    // The subscription is live by then: whatever the pages miss arrives on it.
    continuityLost: history.refresh,
    received,
    membersChanged: (changed) => {
      members.value = changed
    },
  })
  const { submissions, settle, edit, ...actions } = useSubmissions(
    log,
    username,
    connection.publish,
  )
  onScopeDispose(connection.close)

  function received(data: unknown): void {
    const change = parseChange(data)
    if (change?.kind === 'unsent') {
      history.refresh()
    } else if (change) {
      log.applyChange(change)
      show()
    }
  }

  function show(): void {
    rows.value = log.rows()
    settle()
  }

  return {
    entries: computed(() => toEntries(rows.value, submissions.value, clientId.value)),
    members: readonly(members),
    clientId: readonly(clientId),
    status: readonly(status),
    history,
    reconnect: connection.reconnect,
    edit: (msgId: string, text: string) => {
      const row = log.get(msgId)
      if (row) edit(row, text)
    },
    ...actions,
  }
}
