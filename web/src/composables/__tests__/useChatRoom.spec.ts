import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import { editedRow, rawChange, rawDeletion, rawRow } from '@/chat/__tests__/rawRows'
import type { PageConfig } from '@/chat/config'
import type { Connect, RoomEvents } from '@/chat/roomConnection'
import type { OutgoingMessage } from '@/chat/submissions'
import { useChatRoom } from '../useChatRoom'

const config: PageConfig = {
  authUrl: '/auth',
  messagesUrl: '/messages',
  outgoingChannel: 'outgoing-chat',
  incomingChannel: 'incoming-chat',
  ably: null,
}

/** A realtime service in the test's hand. */
function fakeService() {
  const published: OutgoingMessage[] = []
  const state = { refusal: null as string | null, closed: false }
  let events: RoomEvents | undefined
  const connect: Connect = (_config, _username, roomEvents) => {
    events = roomEvents
    return {
      publish: (message) => {
        published.push(message)
        return state.refusal === null ? Promise.resolve() : Promise.reject(new Error(state.refusal))
      },
      reconnect: vi.fn<() => void>(),
      close: () => {
        state.closed = true
      },
    }
  }
  return {
    connect,
    published,
    state,
    get events(): RoomEvents {
      if (!events) throw new Error('not connected')
      return events
    },
  }
}

/** The history function in the test's hand: each request waits for its answer. */
function fakeHistory() {
  const waiting: ((response: Response) => void)[] = []
  const fetcher = () => new Promise<Response>((resolve) => waiting.push(resolve))
  const answer = async (response: Response) => {
    const resolve = waiting.shift()
    if (!resolve) throw new Error('no request is waiting')
    resolve(response)
    await settled()
  }
  return {
    fetcher,
    waiting,
    answer: (...rows: Record<string, unknown>[]) =>
      answer(Response.json({ messages: rows, nextBefore: null })),
    fail: () => answer(new Response('', { status: 503 })),
  }
}

/** Lets every promise that can go on do so. */
async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
}

function enterRoom() {
  const service = fakeService()
  const history = fakeHistory()
  const room = scope.run(() =>
    useChatRoom(config, 'Ann', { connect: service.connect, fetcher: history.fetcher }),
  )
  if (!room) throw new Error('the scope has ended')
  service.events.identified('clientId-ann')
  const texts = () => room.entries.value.map(({ text }) => text)
  return { room, service, history, texts }
}

let scope: EffectScope

beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
})

afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

describe('reading', () => {
  test('history is asked for once changes flow, and merged with those that came meanwhile', async () => {
    const { service, history, texts } = enterRoom()
    expect(history.waiting).toHaveLength(0)
    service.events.continuityLost()
    service.events.received(rawChange('INSERT', rawRow(3)))
    service.events.received(rawDeletion(2))
    await history.answer(rawRow(2), rawRow(1))
    expect(texts()).toEqual(['text 1', 'text 3'])
  })

  test('after a gap history is asked for again, also when the gap comes during a request', async () => {
    const { service, history, texts } = enterRoom()
    service.events.continuityLost()
    service.events.continuityLost()
    expect(history.waiting).toHaveLength(1)
    await history.answer(rawRow(1))
    await history.answer(rawRow(2), rawRow(1))
    expect(history.waiting).toHaveLength(0)
    expect(texts()).toEqual(['text 1', 'text 2'])
  })

  test('a change that was too large to be sent is fetched', async () => {
    const { service, history } = enterRoom()
    service.events.received({ table: 'chat_data', type: 'UPDATE', row: {}, truncated: true })
    expect(history.waiting).toHaveLength(1)
    await history.answer()
  })

  test('a failed request says so and is repeated by itself', async () => {
    const { room, service, history, texts } = enterRoom()
    service.events.continuityLost()
    await history.fail()
    expect(room.history.problem.value).toContain('503')
    await vi.advanceTimersByTimeAsync(5_000)
    await history.answer(rawRow(1))
    expect(room.history.problem.value).toBeNull()
    expect(texts()).toEqual(['text 1'])
  })

  test('own messages are those of the identity that the service gave', () => {
    const { room, service } = enterRoom()
    service.events.received(rawChange('INSERT', rawRow(1)))
    service.events.received(rawChange('INSERT', rawRow(2, { client_id: 'clientId-bob' })))
    expect(room.entries.value.map(({ own }) => own)).toEqual([true, false])
  })

  test('leaving closes the connection and asks for nothing more', async () => {
    const { service, history } = enterRoom()
    service.events.continuityLost()
    await history.fail()
    scope.stop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(service.state.closed).toBe(true)
    expect(history.waiting).toHaveLength(0)
  })
})

describe('writing', () => {
  test('a message is shown as being sent until its row comes back under its id', async () => {
    const { room, service } = enterRoom()
    room.send('hello')
    await settled()
    const [message] = service.published
    expect(message).toMatchObject({ name: 'chatMsg', data: { username: 'Ann', content: 'hello' } })
    expect(room.entries.value).toMatchObject([{ text: 'hello', own: true, stored: false }])
    const row = rawRow(1, { msg_id: message?.id, msg_data: 'hello' })
    service.events.received(rawChange('INSERT', row))
    expect(room.entries.value).toMatchObject([{ text: 'hello', stored: true, submission: null }])
  })

  test('a row that comes back by history settles it as well', async () => {
    const { room, service, history } = enterRoom()
    room.send('hello')
    service.events.continuityLost()
    await history.answer(rawRow(1, { msg_id: service.published[0]?.id }))
    expect(room.entries.value).toMatchObject([{ stored: true, submission: null }])
  })

  test('a refusal is told with its reason; trying again sends the same message', async () => {
    const { room, service } = enterRoom()
    service.state.refusal = 'rate limit exceeded'
    room.send('hello')
    await settled()
    const [entry] = room.entries.value
    expect(entry?.submission?.status).toEqual({ name: 'refused', reason: 'rate limit exceeded' })
    service.state.refusal = null
    room.retry(entry?.msgId ?? '')
    await settled()
    expect(service.published[1]).toEqual(service.published[0])
    expect(room.entries.value[0]?.submission?.status).toEqual({ name: 'sending' })
  })

  test('silence is told after fifteen seconds, and ended by an answer that comes later', async () => {
    const { room, service } = enterRoom()
    room.send('hello')
    await vi.advanceTimersByTimeAsync(14_999)
    expect(room.entries.value[0]?.submission?.status.name).toBe('sending')
    await vi.advanceTimersByTimeAsync(1)
    expect(room.entries.value[0]?.submission?.status.name).toBe('unconfirmed')
    service.events.received(rawChange('INSERT', rawRow(1, { msg_id: service.published[0]?.id })))
    expect(room.entries.value).toMatchObject([{ stored: true, submission: null }])
  })

  test('an edit shows at once and rests when the database has it', () => {
    const { room, service } = enterRoom()
    service.events.received(rawChange('INSERT', rawRow(1)))
    room.edit('m1', 'better')
    expect(service.published[0]).toMatchObject({
      name: 'editedMsg',
      data: { content: 'better', msgIdToEdit: 'm1' },
    })
    expect(room.entries.value).toMatchObject([{ text: 'better', submission: { kind: 'edit' } }])
    service.events.received(rawChange('UPDATE', editedRow(1, 100, 'e', 'better')))
    expect(room.entries.value).toMatchObject([{ text: 'better', edited: true, submission: null }])
  })

  test('a discarded edit shows the stored text again', async () => {
    const { room, service } = enterRoom()
    service.events.received(rawChange('INSERT', rawRow(1)))
    service.state.refusal = 'no'
    room.edit('m1', 'better')
    await settled()
    room.discard('m1')
    expect(room.entries.value).toMatchObject([{ text: 'text 1', submission: null }])
  })

  test('an edit that changes nothing is not sent', () => {
    const { room, service } = enterRoom()
    service.events.received(rawChange('INSERT', rawRow(1)))
    room.edit('m1', 'text 1')
    expect(service.published).toEqual([])
  })

  test('a deletion stays visible until the database has it', () => {
    const { room, service } = enterRoom()
    service.events.received(rawChange('INSERT', rawRow(1)))
    room.remove('m1')
    expect(service.published[0]).toMatchObject({
      name: 'deletedMsg',
      data: { msgIdToDelete: 'm1' },
    })
    expect(room.entries.value).toMatchObject([{ submission: { kind: 'delete' } }])
    service.events.received(rawDeletion(1))
    expect(room.entries.value).toEqual([])
  })
})
