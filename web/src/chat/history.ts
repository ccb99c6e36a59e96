/** Reading stored messages: one page, and all that a gap in the live changes may have missed. */

import type { HistoryPage, MessageLog } from './messageLog'
import { parseRow, type ChatRow } from './rows'

const PAGE_SIZE = 50
const REFRESH_PAGE_SIZE = 200
const MAX_REFRESH_PAGES = 5
const TIMEOUT = 10_000 // milliseconds

/** Fetches one page, newest first. */
export type FetchPage = (before: number | null, limit: number) => Promise<HistoryPage>

/**
 * @throws (the returned function) Error with a sentence for the reader
 */
export function historyFrom(messagesUrl: string, fetcher: typeof fetch = fetch): FetchPage {
  return async (before, limit) => {
    const query = new URLSearchParams({ limit: String(limit) })
    if (before !== null) query.set('before', String(before))
    const signal = AbortSignal.timeout(TIMEOUT)
    const response = await fetcher(`${messagesUrl}?${query.toString()}`, { signal }).catch(
      (cause: unknown) => {
        throw new Error('unable to load messages; the server does not answer', { cause })
      },
    )
    if (!response.ok) {
      throw new Error(`unable to load messages; the server answered ${response.status}`)
    }
    const page = parsePage(await response.json().catch(() => null))
    if (!page) throw new Error('unable to load messages; the answer cannot be read')
    return page
  }
}

/**
 * Brings the log up to date from the newest message down to where it had been loaded, at most some
 * pages: what is older then counts as not loaded. On an empty log this is the first page.
 */
export async function refresh(log: MessageLog, fetchPage: FetchPage): Promise<void> {
  const loadedDownTo = log.floor
  const limit = loadedDownTo === null ? PAGE_SIZE : REFRESH_PAGE_SIZE
  let before: number | null = null
  for (let pages = 1; ; pages += 1) {
    before = await applyNextPage(log, fetchPage, before, limit)
    if (before === null || before <= (loadedDownTo ?? Infinity) || pages === MAX_REFRESH_PAGES)
      break
  }
  log.setFloor(before)
}

/** Loads the page below what has been loaded; nothing where there is none. */
export async function loadOlder(log: MessageLog, fetchPage: FetchPage): Promise<void> {
  if (log.floor === null || log.floor === -Infinity) return
  log.setFloor(await applyNextPage(log, fetchPage, log.floor, PAGE_SIZE))
}

async function applyNextPage(
  log: MessageLog,
  fetchPage: FetchPage,
  before: number | null,
  limit: number,
): Promise<number | null> {
  const askedAt = log.clock
  const page = await fetchPage(before, limit)
  log.applyPage(page, { before, askedAt })
  return page.nextBefore
}

function parsePage(body: unknown): HistoryPage | null {
  if (typeof body !== 'object' || body === null) return null
  if (!('messages' in body) || !Array.isArray(body.messages) || !('nextBefore' in body)) return null
  const { nextBefore } = body
  if (nextBefore !== null && typeof nextBefore !== 'number') return null
  const rows = body.messages.map(parseRow)
  return rows.every((row): row is ChatRow => row !== null) ? { rows, nextBefore } : null
}
