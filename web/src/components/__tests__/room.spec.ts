import { mount } from '@vue/test-utils'
import { expect, test } from 'vitest'
import ConnectionBadge from '../ConnectionBadge.vue'
import MessageList from '../MessageList.vue'
import NameForm from '../NameForm.vue'
import OnlineList from '../OnlineList.vue'
import { formatTime } from '../time'
import { entry } from './entry'

test('a name is taken without the blanks around it, and none is not taken', async () => {
  const wrapper = mount(NameForm, { props: { current: null } })
  await wrapper.get('form').trigger('submit')
  await wrapper.get('input').setValue('  Ann ')
  await wrapper.get('form').trigger('submit')
  expect(wrapper.emitted('chosen')).toEqual([['Ann']])
})

test('the reader stands first among those online, the others by name', () => {
  const members = [
    { clientId: 'c', username: 'Cem' },
    { clientId: 'a', username: 'Zoe' },
    { clientId: 'b', username: 'Bea' },
  ]
  const wrapper = mount(OnlineList, { props: { members, clientId: 'a' } })
  const names = wrapper.findAll('[data-testid="online"] .name').map((name) => name.text())
  expect(names).toEqual(['Zoe', 'Bea', 'Cem'])
})

test('only a connection that is given up offers to reconnect', async () => {
  const wrapper = mount(ConnectionBadge, {
    props: { status: { state: 'reconnecting', reason: null } },
  })
  expect(wrapper.find('button').exists()).toBe(false)
  await wrapper.setProps({ status: { state: 'failed', reason: 'refused' } })
  await wrapper.get('button').trigger('click')
  expect(wrapper.emitted('reconnect')).toHaveLength(1)
})

test('the list says which message an action concerns', async () => {
  const entries = [entry({ msgId: 'm1' }), entry({ msgId: 'm2' })]
  const props = { entries, loading: false, problem: null, hasOlder: true }
  const wrapper = mount(MessageList, { props })
  await wrapper.get('[data-msg-id="m2"] [data-testid="delete"]').trigger('click')
  await wrapper.get('[data-testid="delete-confirm"]').trigger('click')
  await wrapper.get('[data-testid="load-older"]').trigger('click')
  expect(wrapper.emitted('remove')).toEqual([['m2']])
  expect(wrapper.emitted('loadOlder')).toHaveLength(1)
})

test('the day is told only of messages that are not of today', () => {
  const now = new Date(2026, 1, 3, 12, 0)
  const today = formatTime(new Date(2026, 1, 3, 9, 5).getTime(), now)
  const yesterday = formatTime(new Date(2026, 1, 2, 9, 5).getTime(), now)
  expect(today.short).toMatch(/^0?9.05/)
  expect(yesterday.short.length).toBeGreaterThan(today.short.length)
})
