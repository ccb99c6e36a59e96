import { expect, test } from 'vitest'
import { parseChange, parseRow } from '../rows'
import { editedRow, rawChange, rawDeletion, rawRow } from './rawRows'

test('a row is read with all that the page shows', () => {
  expect(parseRow(editedRow(7, 1_700_000_000_900, 'edit-1', 'better'))).toEqual({
    msgId: 'm7',
    recordId: 7,
    author: 'Ann',
    text: 'better',
    clientId: 'clientId-ann',
    createdAt: 1_700_000_000_007,
    edited: true,
    version: { editedAt: 1_700_000_000_900, editId: 'edit-1' },
  })
})

test('a row without the columns that came later, and with nulls, is still a row', () => {
  const row = { msg_id: 'm1', incremental_record_id: 1, username: null, is_edited: null }
  expect(parseRow(row)).toMatchObject({ author: 'someone', text: '', edited: false })
})

test.for([null, 'row', [], {}, { msg_id: 1 }, { msg_id: 'm', incremental_record_id: '1' }])(
  'what identifies no row is none: %j',
  (value) => {
    expect(parseRow(value)).toBeNull()
  },
)

test('a change is read from a JSON string and from a decoded object alike', () => {
  const text = rawChange('INSERT', rawRow(1))
  expect(parseChange(text)).toMatchObject({ kind: 'stored', row: { msgId: 'm1' } })
  expect(parseChange(JSON.parse(text))).toEqual(parseChange(text))
})

test('a deletion says which message is gone and nothing else', () => {
  expect(parseChange(rawDeletion(1))).toEqual({
    kind: 'deleted',
    msgId: 'm1',
  })
})

test('a marker of a change that was too large asks for the database', () => {
  const marker = { table: 'chat_data', type: 'UPDATE', row: { msg_id: 'm1' }, truncated: true }
  expect(parseChange(marker)).toEqual({ kind: 'unsent' })
})

test.for([
  'not JSON',
  '{"table":"orders","type":"INSERT","row":{}}',
  rawChange('INSERT', {}),
  '{"table":"chat_data","type":"DELETE","row":{}}',
  undefined,
])('what is no change of the chat is passed over: %s', (data) => {
  expect(parseChange(data)).toBeNull()
})
