import { mount } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { MAX_TEXT_BYTES } from '@/chat/limits'
import MessageComposer from '../MessageComposer.vue'

function compose() {
  const wrapper = mount(MessageComposer)
  const input = wrapper.get<HTMLTextAreaElement>('[data-testid="message-input"]')
  const press = (keys: Record<string, unknown> = {}) =>
    input.trigger('keydown', { key: 'Enter', ...keys })
  return { wrapper, input, press }
}

test('Enter sends and empties the field', async () => {
  const { wrapper, input, press } = compose()
  await input.setValue(' hello\nworld ')
  await press()
  expect(wrapper.emitted('send')).toEqual([['hello\nworld']])
  expect(input.element.value).toBe('')
})

test('Shift+Enter, the Enter of an input method and blanks send nothing', async () => {
  const { wrapper, input, press } = compose()
  await input.setValue('hello')
  await press({ shiftKey: true })
  await press({ isComposing: true })
  await input.setValue('   ')
  await press()
  expect(wrapper.emitted('send')).toBeUndefined()
})

test('a text of more bytes than the database side takes is not sent', async () => {
  const { wrapper, input, press } = compose()
  await input.setValue('é'.repeat(MAX_TEXT_BYTES / 2))
  await press()
  await input.setValue('é'.repeat(MAX_TEXT_BYTES / 2) + '!')
  await press()
  expect(wrapper.emitted('send')).toHaveLength(1)
  expect(wrapper.get('[role="alert"]').text()).toContain(String(MAX_TEXT_BYTES))
})
