import { describe, expect, test } from 'vitest'
import { historyFrom, loadOlder, refresh, type FetchPage } from '../history'
import { MessageLog } from '../messageLog'
import { parseRow } from '../rows'
import { rawRow } from './rawRows'

/** What the history function would answer from these rows. */
function database(...recordIds: number[]) {
  const ids = new Set(recordIds)
  const asked: { before: number | null; limit: number }[] = []
  const fetchPage: FetchPage = (before, limit) => {
    asked.push({ before, limit })
    const older = [...ids].filter((id) => id < (before ?? Infinity)).sort((a, b) => b - a)
    const page = older.slice(0, limit)
    const rows = page.map((id) => parseRow(rawRow(id))).filter((row) => row !== null)
    const nextBefore = older.length > limit ? (page.at(-1) ?? null) : null
    return Promise.resolve({ rows, nextBefore })
  }
  return { ids, asked, fetchPage }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

function recordIds(log: MessageLog): number[] {
  return log.rows().map(({ recordId }) => recordId)
}

describe('loading', () => {
  test('the first page is the newest one, and older ones follow on demand down to the first message', async () => {
    const { fetchPage } = database(...range(1, 120))
    const log = new MessageLog()
    await refresh(log, fetchPage)
    expect(recordIds(log)).toEqual(range(71, 120))
    await loadOlder(log, fetchPage)
    expect(recordIds(log)).toEqual(range(21, 120))
    await loadOlder(log, fetchPage)
    expect(recordIds(log)).toEqual(range(1, 120))
  })

  test('nothing is asked for below the first message', async () => {
    const { fetchPage, asked } = database(1)
    const log = new MessageLog()
    await refresh(log, fetchPage)
    await loadOlder(log, fetchPage)
    expect(asked).toHaveLength(1)
  })

  test('a gap is filled down to where the log had been loaded, deletions included', async () => {
    const { fetchPage, ids } = database(...range(1, 60))
    const log = new MessageLog()
    await refresh(log, fetchPage)
    ids.delete(55)
    for (const id of range(61, 400)) ids.add(id)
    await refresh(log, fetchPage)
    expect(recordIds(log)).toEqual(range(1, 400).filter((id) => id !== 55))
  })

  test('a gap that is too long leaves no hole: what lies below it counts as not loaded', async () => {
    const { fetchPage, ids, asked } = database(...range(1, 10))
    const log = new MessageLog()
    await refresh(log, fetchPage)
    for (const id of range(11, 2000)) ids.add(id)
    await refresh(log, fetchPage)
    expect(recordIds(log)).toEqual(range(1001, 2000))
    expect(asked).toHaveLength(6)
    await loadOlder(log, fetchPage)
    expect(recordIds(log)).toEqual(range(951, 2000))
  })
})

describe('requests', () => {
  test('ask for a page below a record id, of a size', async () => {
    const urls: string[] = []
    const fetchPage = historyFrom('/messages', (url) => {
      urls.push(url instanceof Request ? url.url : url.toString())
      return Promise.resolve(Response.json({ messages: [rawRow(6)], nextBefore: 6 }))
    })
    await fetchPage(null, 50)
    const page = await fetchPage(7, 20)
    expect(urls).toEqual(['/messages?limit=50', '/messages?limit=20&before=7'])
    expect(page).toMatchObject({ rows: [{ recordId: 6 }], nextBefore: 6 })
  })

  test.for([
    ['the server answered 500', () => Promise.resolve(new Response('', { status: 500 }))],
    ['the server does not answer', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['the answer cannot be read', () => Promise.resolve(new Response('<html>'))],
    ['the answer cannot be read', () => Promise.resolve(Response.json({ messages: [{}] }))],
    [
      'the answer cannot be read',
      () => Promise.resolve(Response.json({ messages: [{}], nextBefore: null })),
    ],
  ] as const)('fail with a sentence: %s', async ([reason, fetcher]) => {
    await expect(historyFrom('/messages', fetcher)(null, 50)).rejects.toThrow(reason)
  })
})
