import { describe, expect, test } from 'vitest'
import { MessageLog } from '../messageLog'
import { parseChange, parseRow, type ChatRow } from '../rows'
import { editedRow, rawChange, rawDeletion, rawRow } from './rawRows'

type Raw = Record<string, unknown>

function rows(...raw: Raw[]): ChatRow[] {
  return raw.map(parseRow).filter((row) => row !== null)
}

function receive(log: MessageLog, type: 'INSERT' | 'UPDATE', row: Raw): void {
  apply(log, rawChange(type, row))
}

function receiveDeletion(log: MessageLog, recordId: number): void {
  apply(log, rawDeletion(recordId))
}

function apply(log: MessageLog, data: string): void {
  const change = parseChange(data)
  if (!change || change.kind === 'unsent') throw new Error('the test sent no change')
  log.applyChange(change)
}

function texts(log: MessageLog): string[] {
  return log.rows().map(({ text }) => text)
}

describe('live changes', () => {
  test('messages stand in the order of their record ids, whatever the order of arrival', () => {
    const log = new MessageLog()
    for (const id of [3, 1, 2]) receive(log, 'INSERT', rawRow(id))
    expect(texts(log)).toEqual(['text 1', 'text 2', 'text 3'])
  })

  test('a message that comes twice is there once', () => {
    const log = new MessageLog()
    receive(log, 'INSERT', rawRow(1))
    receive(log, 'INSERT', rawRow(1))
    expect(texts(log)).toEqual(['text 1'])
  })

  test('the later edit wins, also when it arrives first', () => {
    const log = new MessageLog()
    receive(log, 'UPDATE', editedRow(1, 200, 'a', 'late'))
    receive(log, 'UPDATE', editedRow(1, 100, 'b', 'early'))
    receive(log, 'INSERT', rawRow(1))
    expect(texts(log)).toEqual(['late'])
  })

  test('of two edits of the same millisecond the greater id wins', () => {
    const log = new MessageLog()
    receive(log, 'UPDATE', editedRow(1, 100, 'b', 'second'))
    receive(log, 'UPDATE', editedRow(1, 100, 'a', 'first'))
    expect(texts(log)).toEqual(['second'])
  })

  test('a change made in the database itself shows, although it is no edit', () => {
    const log = new MessageLog()
    receive(log, 'INSERT', rawRow(1))
    receive(log, 'UPDATE', rawRow(1, { msg_data: 'moderated' }))
    expect(texts(log)).toEqual(['moderated'])
  })

  test('a deleted message does not come back by a late message or edit', () => {
    const log = new MessageLog()
    receiveDeletion(log, 1)
    receive(log, 'INSERT', rawRow(1))
    receive(log, 'UPDATE', editedRow(1, 100, 'a', 'edited'))
    expect(texts(log)).toEqual([])
    expect(log.isDeleted('m1')).toBe(true)
  })
})

describe('pages of history', () => {
  const newest = (log: MessageLog) => ({ before: null, askedAt: log.clock })

  test('a page and live changes make one list', () => {
    const log = new MessageLog()
    receive(log, 'INSERT', rawRow(3))
    log.applyPage({ rows: rows(rawRow(3), rawRow(2)), nextBefore: null }, newest(log))
    receive(log, 'INSERT', rawRow(4))
    expect(texts(log)).toEqual(['text 2', 'text 3', 'text 4'])
  })

  test('a page that was asked for before a live change does not undo it', () => {
    const log = new MessageLog()
    receive(log, 'INSERT', rawRow(1))
    const request = newest(log)
    receive(log, 'UPDATE', rawRow(1, { msg_data: 'moderated' }))
    receive(log, 'INSERT', rawRow(2))
    receiveDeletion(log, 3)
    log.applyPage({ rows: rows(rawRow(1), rawRow(3)), nextBefore: null }, request)
    expect(texts(log)).toEqual(['moderated', 'text 2'])
  })

  test('a page that was asked for after a live change corrects it', () => {
    const log = new MessageLog()
    receive(log, 'INSERT', rawRow(1))
    const page = { rows: rows(rawRow(1, { msg_data: 'moderated' })), nextBefore: null }
    log.applyPage(page, newest(log))
    expect(texts(log)).toEqual(['moderated'])
  })

  test('an edit that a page tells of wins over the older version', () => {
    const log = new MessageLog()
    receive(log, 'INSERT', rawRow(1))
    const request = newest(log)
    receive(log, 'INSERT', rawRow(1))
    log.applyPage({ rows: rows(editedRow(1, 100, 'a', 'edited')), nextBefore: null }, request)
    expect(texts(log)).toEqual(['edited'])
  })

  test('what a page should hold and does not has been deleted', () => {
    const log = new MessageLog()
    for (const id of [1, 2, 3]) receive(log, 'INSERT', rawRow(id))
    log.applyPage({ rows: rows(rawRow(3)), nextBefore: 2 }, newest(log))
    expect(texts(log)).toEqual(['text 1', 'text 3'])
    log.applyPage({ rows: [], nextBefore: null }, { before: 2, askedAt: log.clock })
    expect(texts(log)).toEqual(['text 3'])
  })

  test('a message below what is loaded stays hidden until its page is there', () => {
    const log = new MessageLog()
    log.applyPage({ rows: rows(rawRow(9), rawRow(8)), nextBefore: 8 }, newest(log))
    log.setFloor(8)
    const request = { before: 8, askedAt: log.clock }
    receive(log, 'UPDATE', editedRow(2, 100, 'a', 'edited'))
    expect(texts(log)).toEqual(['text 8', 'text 9'])
    log.applyPage({ rows: rows(rawRow(7), rawRow(2)), nextBefore: null }, request)
    log.setFloor(null)
    expect(texts(log)).toEqual(['edited', 'text 7', 'text 8', 'text 9'])
  })
})
