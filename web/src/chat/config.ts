/** What the page is told about its surroundings: `GET /config.json`, fetched once at the start. */

import { isRecord } from './json'

export interface AblyAddress {
  endpoint: string
  port: number
  tls: boolean
}

export interface PageConfig {
  /** Answers with an Ably TokenRequest. */
  authUrl: string
  /** Answers with pages of stored messages. */
  messagesUrl: string
  /** The channel that the page publishes to and is present on. */
  outgoingChannel: string
  /** The channel that the database's changes come back on. */
  incomingChannel: string
  /** Another Ably than the real one; null means the real one. */
  ably: AblyAddress | null
}

/**
 * Fetches and checks the page's configuration.
 *
 * @throws Error with every problem found, in one sentence a person can act on
 */
export async function loadConfig(fetcher: typeof fetch = fetch): Promise<PageConfig> {
  const response = await fetcher('/config.json', { cache: 'no-cache' }).catch((cause: unknown) => {
    throw new Error('unable to load /config.json; the server does not answer', { cause })
  })
  if (!response.ok) {
    throw new Error(`unable to load /config.json; the server answered ${response.status}`)
  }
  const body: unknown = await response.json().catch((cause: unknown) => {
    throw new Error('unable to read /config.json; it is not JSON', { cause })
  })
  return parseConfig(body)
}

/**
 * @throws Error naming every key that is missing or of the wrong kind
 */
export function parseConfig(value: unknown): PageConfig {
  const source = isRecord(value) ? value : {}
  const problems: string[] = []

  const text = (from: Record<string, unknown>, key: string, name: string = key): string => {
    const found = from[key]
    if (typeof found === 'string' && found !== '') return found
    problems.push(`${name} must be a text`)
    return ''
  }
  const ablyAddress = (): AblyAddress | null => {
    const found = source.ably ?? null
    if (found === null) return null
    if (!isRecord(found)) {
      problems.push('ably must be an object or null')
      return null
    }
    const { port, tls } = found
    if (typeof port !== 'number' || !Number.isInteger(port))
      problems.push('ably.port must be a number')
    if (typeof tls !== 'boolean') problems.push('ably.tls must be true or false')
    return {
      endpoint: text(found, 'endpoint', 'ably.endpoint'),
      port: Number(port),
      tls: tls === true,
    }
  }

  const config: PageConfig = {
    authUrl: text(source, 'authUrl'),
    messagesUrl: text(source, 'messagesUrl'),
    outgoingChannel: text(source, 'outgoingChannel'),
    incomingChannel: text(source, 'incomingChannel'),
    ably: ablyAddress(),
  }
  if (problems.length > 0) throw new Error(`unable to use /config.json; ${problems.join(', ')}`)
  return config
}
