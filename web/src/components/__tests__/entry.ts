/** An entry of the message list, for the tests of what shows it. */

import type { Entry } from '@/chat/entries'

export function entry(overrides: Partial<Entry> = {}): Entry {
  return {
    msgId: 'm1',
    author: 'Ann',
    text: 'hello',
    createdAt: Date.now(),
    edited: false,
    own: true,
    stored: true,
    submission: null,
    ...overrides,
  }
}
