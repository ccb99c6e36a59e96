/** What the database side takes; more would be turned away there, unseen. */

export const MAX_TEXT_BYTES = 16_384 // of UTF-8

export function isTooLong(text: string): boolean {
  return new TextEncoder().encode(text).length > MAX_TEXT_BYTES
}
