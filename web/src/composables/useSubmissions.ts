/** What the reader asks for: published at once, watched until the database answers, tried again on demand. */

import { onScopeDispose, readonly, shallowRef } from 'vue'
import type { MessageLog } from '@/chat/messageLog'
import type { ChatRow } from '@/chat/rows'
import {
  isSettled,
  newId,
  toMessage,
  type OutgoingMessage,
  type Submission,
  type SubmissionStatus,
} from '@/chat/submissions'

const ANSWER_TIMEOUT = 15_000 // milliseconds

export function useSubmissions(
  log: MessageLog,
  username: string,
  publish: (message: OutgoingMessage) => Promise<void>,
) {
  const submissions = shallowRef<readonly Submission[]>([])
  const timers = new Map<string, ReturnType<typeof setTimeout>>()

  function submit(submission: Submission): void {
    // A newer wish about the same message replaces the one before it.
    discard(submission.msgId)
    submissions.value = [...submissions.value, submission]
    attempt(submission)
  }

  function attempt(submission: Submission): void {
    const { id } = submission
    setStatus(id, { name: 'sending' })
    clearTimeout(timers.get(id))
    timers.set(
      id,
      setTimeout(() => {
        setStatus(id, { name: 'unconfirmed' })
      }, ANSWER_TIMEOUT),
    )
    publish(toMessage(submission)).catch((error: unknown) => {
      clearTimeout(timers.get(id))
      setStatus(id, { name: 'refused', reason: reasonOf(error) })
    })
  }

  function setStatus(id: string, status: SubmissionStatus): void {
    submissions.value = submissions.value.map((submission) =>
      submission.id === id ? { ...submission, status } : submission,
    )
  }

  function forget(gone: (submission: Submission) => boolean): void {
    for (const submission of submissions.value.filter(gone)) {
      clearTimeout(timers.get(submission.id))
      timers.delete(submission.id)
    }
    submissions.value = submissions.value.filter((submission) => !gone(submission))
  }

  function discard(msgId: string): void {
    forget((submission) => submission.msgId === msgId)
  }

  onScopeDispose(() => {
    forget(() => true)
  })

  return {
    submissions: readonly(submissions),
    send: (text: string) => {
      const id = newId()
      const status: SubmissionStatus = { name: 'sending' }
      submit({ kind: 'send', id, msgId: id, status, username, text, at: Date.now() })
    },
    edit: ({ msgId, version, text: before }: ChatRow, text: string) => {
      discard(msgId)
      if (text === before) return
      const status: SubmissionStatus = { name: 'sending' }
      submit({ kind: 'edit', id: newId(), msgId, status, username, text, basedOn: version })
    },
    remove: (msgId: string) => {
      submit({ kind: 'delete', id: newId(), msgId, status: { name: 'sending' } })
    },
    retry: (msgId: string) => {
      const submission = submissions.value.find((candidate) => candidate.msgId === msgId)
      if (submission) attempt(submission)
    },
    discard,
    /** Forgets what the database has answered. */
    settle: () => {
      forget((submission) => isSettled(submission, log))
    },
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
