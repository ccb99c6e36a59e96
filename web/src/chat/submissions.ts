/**
 * What this reader asked for and the database has not yet answered: messages, edits and deletions.
 *
 * Each carries an Ably message id made here. It makes trying again harmless (Ably and the database both
 * know it) and becomes the row's `msg_id`, by which a sent message is recognised when it comes back.
 */

import type { MessageLog } from './messageLog'
import { compareVersions, type RowVersion } from './rows'

export type SubmissionStatus =
  | { name: 'sending' }
  /** Nothing came back in time; it may still. */
  | { name: 'unconfirmed' }
  | { name: 'refused'; reason: string }

interface Submitted {
  /** The id of the Ably message. */
  id: string
  /** The message concerned. */
  msgId: string
  status: SubmissionStatus
}

export type Submission =
  | (Submitted & { kind: 'send'; username: string; text: string; at: number })
  | (Submitted & { kind: 'edit'; username: string; text: string; basedOn: RowVersion })
  | (Submitted & { kind: 'delete' })

export interface OutgoingMessage {
  id: string
  name: 'chatMsg' | 'editedMsg' | 'deletedMsg'
  data: Record<string, string>
}

export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(18))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
}

export function toMessage(submission: Submission): OutgoingMessage {
  const { id, msgId } = submission
  switch (submission.kind) {
    case 'send':
      return {
        id,
        name: 'chatMsg',
        data: { username: submission.username, content: submission.text },
      }
    case 'edit':
      return {
        id,
        name: 'editedMsg',
        data: { username: submission.username, content: submission.text, msgIdToEdit: msgId },
      }
    case 'delete':
      return { id, name: 'deletedMsg', data: { msgIdToDelete: msgId } }
  }
}

/** Whether the database has answered: with what was asked for, or with something newer. */
export function isSettled(submission: Submission, log: MessageLog): boolean {
  if (log.isDeleted(submission.msgId)) return true
  const row = log.get(submission.msgId)
  switch (submission.kind) {
    case 'send':
      return row !== undefined
    case 'edit':
      return row !== undefined && compareVersions(row.version, submission.basedOn) > 0
    case 'delete':
      return false
  }
}
