/**
 * The messages the page knows, merged from two sources that overlap: live changes and pages of history.
 *
 * The database is the truth, but its two voices may arrive in any order. The rules:
 * a deletion is final; of two versions of a row the greater wins; of equal ones the live change wins over
 * a page that was asked for before it. A page is complete for its range, so a row that was known when the
 * page was asked for and is not in it has been deleted meanwhile.
 */

import { compareVersions, type Change, type ChatRow } from './rows'

export interface HistoryPage {
  rows: ChatRow[]
  /** Where the next older page begins; null when there is none. */
  nextBefore: number | null
}

export interface PageRequest {
  /** Rows below this record id were asked for; null asks for the newest. */
  before: number | null
  /** The log's clock when the request was made. */
  askedAt: number
}

interface KnownRow {
  row: ChatRow
  /** The clock of the last live change of this row; 0 when only history told of it. */
  changedAt: number
}

export class MessageLog {
  readonly #known = new Map<string, KnownRow>()
  readonly #deleted = new Set<string>()
  #clock = 0
  #floor: number | null = null

  /** Counts live changes: what happened after a page was asked for is newer than the page. */
  get clock(): number {
    return this.#clock
  }

  /** The oldest record id down to which all is loaded, -Infinity for all; null before any history. */
  get floor(): number | null {
    return this.#floor
  }

  /** Says down to where pages have been applied; what is known below stays hidden. */
  setFloor(nextBefore: number | null): void {
    this.#floor = nextBefore ?? -Infinity
  }

  get(msgId: string): ChatRow | undefined {
    return this.#known.get(msgId)?.row
  }

  isDeleted(msgId: string): boolean {
    return this.#deleted.has(msgId)
  }

  /** Oldest first, and none from below the floor, since others may be missing between. */
  rows(): ChatRow[] {
    const floor = this.#floor ?? -Infinity
    return [...this.#known.values()]
      .map(({ row }) => row)
      .filter((row) => row.recordId >= floor)
      .sort((a, b) => a.recordId - b.recordId)
  }

  applyChange(change: Exclude<Change, { kind: 'unsent' }>): void {
    this.#clock += 1
    if (change.kind === 'deleted') {
      this.#delete(change.msgId)
      return
    }
    const { row } = change
    const known = this.#known.get(row.msgId)
    if (this.#deleted.has(row.msgId)) return
    if (known && compareVersions(row.version, known.row.version) < 0) return
    this.#known.set(row.msgId, { row, changedAt: this.#clock })
  }

  applyPage(page: HistoryPage, { before, askedAt }: PageRequest): void {
    const inPage = new Set(page.rows.map((row) => row.msgId))
    for (const [msgId, { row, changedAt }] of this.#known) {
      const inRange =
        row.recordId >= (page.nextBefore ?? -Infinity) && row.recordId < (before ?? Infinity)
      if (inRange && changedAt <= askedAt && !inPage.has(msgId)) this.#delete(msgId)
    }
    for (const row of page.rows) this.#applyStored(row, askedAt)
  }

  #applyStored(row: ChatRow, askedAt: number): void {
    if (this.#deleted.has(row.msgId)) return
    const known = this.#known.get(row.msgId)
    const difference = known ? compareVersions(row.version, known.row.version) : 1
    if (difference < 0 || (difference === 0 && known && known.changedAt > askedAt)) return
    this.#known.set(row.msgId, { row, changedAt: known?.changedAt ?? 0 })
  }

  #delete(msgId: string): void {
    this.#known.delete(msgId)
    this.#deleted.add(msgId)
  }
}
