/** The height of a text field, for browsers without `field-sizing: content`. */

const MAX_LINES = 8

export function lineCount(text: string): number {
  return Math.min(text.split('\n').length, MAX_LINES)
}
