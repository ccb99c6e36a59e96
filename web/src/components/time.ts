/** Times as the reader's own clock and language show them. */

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const dayAndClock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })

/**
 * @param timestamp - milliseconds since 1970
 * @returns `short` has the day only where it is not today
 */
export function formatTime(timestamp: number, now: Date = new Date()) {
  const date = new Date(timestamp)
  const today = date.toDateString() === now.toDateString()
  return {
    iso: date.toISOString(),
    short: (today ? clock : dayAndClock).format(date),
    full: full.format(date),
  }
}
