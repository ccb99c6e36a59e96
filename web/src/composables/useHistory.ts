/** Loading of stored messages into the log: one request at a time, a failed one tried again by itself. */

import { onScopeDispose, readonly, ref } from 'vue'
import { loadOlder, refresh, type FetchPage } from '@/chat/history'
import type { MessageLog } from '@/chat/messageLog'

const RETRY_DELAY = 5_000 // milliseconds

type Task = (log: MessageLog, fetchPage: FetchPage) => Promise<void>

/**
 * @param changed - called whenever the log may have changed
 */
export function useHistory(log: MessageLog, fetchPage: FetchPage, changed: () => void) {
  const loading = ref(false)
  const problem = ref<string | null>(null)
  const hasOlder = ref(false)
  const wanted = new Set<Task>()
  let retry: ReturnType<typeof setTimeout> | undefined
  let disposed = false

  async function run(): Promise<void> {
    if (loading.value || disposed) return
    clearTimeout(retry)
    loading.value = true
    try {
      await runWanted()
      problem.value = null
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error)
      retry = setTimeout(start, RETRY_DELAY)
    } finally {
      loading.value = false
    }
  }

  /** A task wanted again while it runs runs once more: what it missed lies after its start. */
  async function runWanted(): Promise<void> {
    for (const task of wanted) {
      wanted.delete(task)
      try {
        await task(log, fetchPage)
      } catch (error) {
        wanted.add(task)
        throw error
      } finally {
        hasOlder.value = log.floor !== null && log.floor !== -Infinity
        changed()
      }
    }
  }

  function start(task?: Task): void {
    if (task) wanted.add(task)
    void run()
  }

  onScopeDispose(() => {
    disposed = true
    clearTimeout(retry)
  })

  return {
    loading: readonly(loading),
    problem: readonly(problem),
    hasOlder: readonly(hasOlder),
    refresh: () => {
      start(refresh)
    },
    loadOlder: () => {
      start(loadOlder)
    },
    tryAgain: () => {
      start()
    },
  }
}
