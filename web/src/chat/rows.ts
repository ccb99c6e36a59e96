/** Rows of `chat_data` and the changes of them, as the database sends them: checked here, trusted after. */

import { isRecord } from './json'

export interface ChatRow {
  msgId: string
  /** The order of the conversation. */
  recordId: number
  author: string
  text: string
  clientId: string
  /** Milliseconds since 1970. */
  createdAt: number
  edited: boolean
  version: RowVersion
}

/** Which edit of a message a row holds; of two, the later time wins, and at the same time the greater id. */
export interface RowVersion {
  editedAt: number
  editId: string
}

export type Change =
  | { kind: 'stored'; row: ChatRow }
  | { kind: 'deleted'; msgId: string }
  /** Something changed that was too large to be sent along: ask the database. */
  | { kind: 'unsent' }

export function compareVersions(a: RowVersion, b: RowVersion): number {
  if (a.editedAt !== b.editedAt) return a.editedAt - b.editedAt
  if (a.editId === b.editId) return 0
  return a.editId < b.editId ? -1 : 1
}

/** The row, or null where the value is none. */
export function parseRow(value: unknown): ChatRow | null {
  if (!isRecord(value)) return null
  const msgId = value.msg_id
  const recordId = value.incremental_record_id
  if (typeof msgId !== 'string' || typeof recordId !== 'number') return null
  return {
    msgId,
    recordId,
    author: textOr(value.username, 'someone'),
    text: textOr(value.msg_data, ''),
    clientId: textOr(value.client_id, ''),
    createdAt: numberOr(value.created_at_timestamp, 0),
    edited: value.is_edited === true,
    version: {
      editedAt: numberOr(value.edited_at_timestamp, 0),
      editId: textOr(value.edit_id, ''),
    },
  }
}

/**
 * Reads the data of one Ably message: `{table, type, row}`, as a JSON string or decoded.
 *
 * @returns null for what does not concern `chat_data` or cannot be read
 */
export function parseChange(data: unknown): Change | null {
  const change = typeof data === 'string' ? parseJson(data) : data
  if (!isRecord(change) || change.table !== 'chat_data') return null
  if (change.type === 'DELETE') {
    const msgId = isRecord(change.row) ? change.row.msg_id : undefined
    return typeof msgId === 'string' ? { kind: 'deleted', msgId } : null
  }
  if (change.truncated === true) return { kind: 'unsent' }
  const row = parseRow(change.row)
  return row && { kind: 'stored', row }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback
}
