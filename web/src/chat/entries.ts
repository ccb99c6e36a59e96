/** What the message list shows: the stored messages with what is under way on each, then what is being sent. */

import type { ChatRow } from './rows'
import type { Submission } from './submissions'

export interface Entry {
  msgId: string
  author: string
  text: string
  /** Milliseconds since 1970. */
  createdAt: number
  edited: boolean
  /** Whether this reader wrote it, and so may edit and delete it. */
  own: boolean
  /** Whether the database has it. */
  stored: boolean
  /** What this reader asked for last and has no answer to. */
  submission: Submission | null
}

export function toEntries(
  rows: readonly ChatRow[],
  submissions: readonly Submission[],
  clientId: string | null,
): Entry[] {
  const pending = new Map(submissions.map((submission) => [submission.msgId, submission]))
  const stored = rows.map((row) => storedEntry(row, pending.get(row.msgId) ?? null, clientId))
  const unsent = submissions.flatMap((submission) =>
    submission.kind === 'send' ? [sendingEntry(submission)] : [],
  )
  return [...stored, ...unsent]
}

function storedEntry(row: ChatRow, submission: Submission | null, clientId: string | null): Entry {
  const { msgId, author, createdAt, edited } = row
  return {
    msgId,
    author,
    text: submission?.kind === 'edit' ? submission.text : row.text,
    createdAt,
    edited,
    own: row.clientId === clientId,
    stored: true,
    submission,
  }
}

function sendingEntry(submission: Submission & { kind: 'send' }): Entry {
  return {
    msgId: submission.msgId,
    author: submission.username,
    text: submission.text,
    createdAt: submission.at,
    edited: false,
    own: true,
    stored: false,
    submission,
  }
}
