import { describe, expect, test } from 'vitest'
import { MessageLog } from '../messageLog'
import { parseChange } from '../rows'
import { isSettled, newId, toMessage, type Submission } from '../submissions'
import { editedRow, rawChange, rawDeletion, rawRow } from './rawRows'

const status = { name: 'sending' } as const
const send: Submission = {
  kind: 'send',
  id: 'm1',
  msgId: 'm1',
  status,
  username: 'Ann',
  text: 'hello',
  at: 0,
}
const edit: Submission = {
  kind: 'edit',
  id: 'e1',
  msgId: 'm1',
  status,
  username: 'Ann',
  text: 'hello!',
  basedOn: { editedAt: 100, editId: 'e0' },
}
const remove: Submission = { kind: 'delete', id: 'd1', msgId: 'm1', status }

function logAfter(...changes: string[]): MessageLog {
  const log = new MessageLog()
  for (const data of changes) {
    const change = parseChange(data)
    if (change && change.kind !== 'unsent') log.applyChange(change)
  }
  return log
}

test('ids are unguessable and safe in any text', () => {
  const ids = new Set(Array.from({ length: 100 }, newId))
  expect(ids.size).toBe(100)
  for (const id of ids) expect(id).toMatch(/^[\w-]{24}$/)
})

test('each kind becomes the message that the database side knows', () => {
  expect(toMessage(send)).toEqual({
    id: 'm1',
    name: 'chatMsg',
    data: { username: 'Ann', content: 'hello' },
  })
  expect(toMessage(edit)).toEqual({
    id: 'e1',
    name: 'editedMsg',
    data: { username: 'Ann', content: 'hello!', msgIdToEdit: 'm1' },
  })
  expect(toMessage(remove)).toEqual({
    id: 'd1',
    name: 'deletedMsg',
    data: { msgIdToDelete: 'm1' },
  })
})

describe('the database has answered', () => {
  const stored = rawChange('INSERT', rawRow(1))
  const before = rawChange('UPDATE', editedRow(1, 100, 'e0', 'before'))
  const after = rawChange('UPDATE', editedRow(1, 101, 'e1', 'hello!'))
  const deleted = rawDeletion(1)

  test.for([
    ['a message when its row is there', send, [stored], true],
    ['a message not before', send, [], false],
    ['an edit when a newer version is there', edit, [before, after], true],
    ['an edit not by the version it was based on', edit, [before], false],
    ['a deletion when the row is gone', remove, [stored, deleted], true],
    ['a deletion not by the row', remove, [stored], false],
    ['anything when the message is deleted', edit, [deleted], true],
  ] as const)('%s', ([, submission, changes, settled]) => {
    expect(isSettled(submission, logAfter(...changes))).toBe(settled)
  })
})
