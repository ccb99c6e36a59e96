/** Rows as the database sends them, for the tests of what reads them. */

export function rawRow(recordId: number, overrides: Record<string, unknown> = {}) {
  return {
    username: 'Ann',
    msg_id: `m${recordId}`,
    msg_data: `text ${recordId}`,
    client_id: 'clientId-ann',
    incremental_record_id: recordId,
    created_at_timestamp: 1_700_000_000_000 + recordId,
    is_edited: false,
    edited_at_timestamp: null,
    edit_id: null,
    ...overrides,
  }
}

export function editedRow(recordId: number, editedAt: number, editId: string, text: string) {
  return rawRow(recordId, {
    msg_data: text,
    is_edited: true,
    edited_at_timestamp: editedAt,
    edit_id: editId,
  })
}

export function rawChange(type: 'INSERT' | 'UPDATE', row: Record<string, unknown>) {
  return JSON.stringify({ table: 'chat_data', type, row })
}

/** A deletion has the message's id and nothing of what it said. */
export function rawDeletion(recordId: number) {
  return JSON.stringify({ table: 'chat_data', type: 'DELETE', row: { msg_id: `m${recordId}` } })
}
