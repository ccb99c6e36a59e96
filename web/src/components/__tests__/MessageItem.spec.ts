import { mount } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { Entry } from '@/chat/entries'
import MessageItem from '../MessageItem.vue'
import { entry } from './entry'

function show(overrides: Partial<Entry> = {}) {
  const wrapper = mount(MessageItem, { props: { entry: entry(overrides) } })
  const find = (id: string) => wrapper.find(`[data-testid="${id}"]`)
  return { wrapper, find }
}

test('markup in a message is text', () => {
  const text = '<img src=x onerror="alert(1)"><b>bold</b>'
  const { wrapper, find } = show({ text, author: '<i>Eve</i>' })
  expect(find('message-text').text()).toBe(text)
  expect(wrapper.find('img, b, i').exists()).toBe(false)
})

test('an edited message is marked', () => {
  expect(show({ edited: true }).find('message-edited').text()).toBe('(edited)')
  expect(show().find('message-edited').exists()).toBe(false)
})

test("another's message cannot be changed", () => {
  const { find } = show({ own: false })
  expect(find('edit').exists() || find('delete').exists()).toBe(false)
})

test('Enter saves an edit, without the blanks around it', async () => {
  const { wrapper, find } = show()
  await find('edit').trigger('click')
  await find('edit-input').setValue('  better ')
  await find('edit-input').trigger('keydown', { key: 'Enter' })
  expect(wrapper.emitted('edit')).toEqual([['better']])
  expect(find('edit-input').exists()).toBe(false)
})

test('Shift+Enter and the Enter of an input method save nothing', async () => {
  const { wrapper, find } = show()
  await find('edit').trigger('click')
  await find('edit-input').trigger('keydown', { key: 'Enter', shiftKey: true })
  await find('edit-input').trigger('keydown', { key: 'Enter', isComposing: true })
  expect(wrapper.emitted('edit')).toBeUndefined()
})

test('Escape leaves the message as it was', async () => {
  const { wrapper, find } = show()
  await find('edit').trigger('click')
  await find('edit-input').setValue('worse')
  await find('edit-input').trigger('keydown', { key: 'Escape' })
  expect(wrapper.emitted('edit')).toBeUndefined()
  expect(find('message-text').text()).toBe('hello')
})

test('an empty edit cannot be saved', async () => {
  const { wrapper, find } = show()
  await find('edit').trigger('click')
  await find('edit-input').setValue('  ')
  await find('edit-input').trigger('keydown', { key: 'Enter' })
  expect(find('edit-save').attributes('disabled')).toBeDefined()
  expect(wrapper.emitted('edit')).toBeUndefined()
})

test('a message is deleted only after a second yes', async () => {
  const { wrapper, find } = show()
  await find('delete').trigger('click')
  expect(wrapper.emitted('remove')).toBeUndefined()
  await find('delete-confirm').trigger('click')
  expect(wrapper.emitted('remove')).toHaveLength(1)
})

test('what was refused says why and offers to try again or to give up', async () => {
  const { wrapper, find } = show({
    stored: false,
    submission: {
      kind: 'send',
      id: 'm1',
      msgId: 'm1',
      status: { name: 'refused', reason: 'rate limit exceeded' },
      username: 'Ann',
      text: 'hello',
      at: 0,
    },
  })
  expect(find('submission').text()).toContain('Not sent: rate limit exceeded')
  await find('retry').trigger('click')
  await find('discard').trigger('click')
  expect(Object.keys(wrapper.emitted())).toEqual(expect.arrayContaining(['retry', 'discard']))
})
