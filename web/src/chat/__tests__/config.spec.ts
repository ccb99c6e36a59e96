import { expect, test } from 'vitest'
import { loadConfig, parseConfig } from '../config'

const config = {
  authUrl: '/auth',
  messagesUrl: '/messages',
  outgoingChannel: 'outgoing-chat',
  incomingChannel: 'incoming-chat',
  ably: { endpoint: 'localhost', port: 8081, tls: false },
}

const answering = (response: Response) => () => Promise.resolve(response)

test('a complete configuration is taken as it is', async () => {
  expect(await loadConfig(answering(Response.json(config)))).toEqual(config)
})

test('no Ably address means the real Ably', () => {
  expect(parseConfig({ ...config, ably: null }).ably).toBeNull()
  expect(parseConfig({ ...config, ably: undefined }).ably).toBeNull()
})

test('all problems are told at once, each by its key', () => {
  const broken = { ...config, authUrl: '', incomingChannel: 3, ably: { port: '1', tls: 'no' } }
  const naming = /authUrl.*incomingChannel.*ably\.port.*ably\.tls.*ably\.endpoint/
  expect(() => parseConfig(broken)).toThrow(naming)
  expect(() => parseConfig(null)).toThrow('messagesUrl must be a text')
})

test.for([
  ['the server answered 503', answering(new Response('', { status: 503 }))],
  ['it is not JSON', answering(new Response('<!doctype html>'))],
  ['the server does not answer', () => Promise.reject(new TypeError('Failed to fetch'))],
] as const)('a failure says why: %s', async ([reason, fetcher]) => {
  await expect(loadConfig(fetcher)).rejects.toThrow(reason)
})
