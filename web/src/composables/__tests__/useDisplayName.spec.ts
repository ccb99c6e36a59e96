import { beforeEach, expect, test } from 'vitest'
import { useDisplayName } from '../useDisplayName'

beforeEach(() => {
  localStorage.clear()
})

test('the name is kept for the next visit', () => {
  useDisplayName().setName('Ann')
  expect(useDisplayName().name.value).toBe('Ann')
})

test('without storage the name is asked for, and lasts for the visit', () => {
  const refusing = () => {
    throw new DOMException('denied', 'SecurityError')
  }
  const storage = { getItem: refusing, setItem: refusing } as unknown as Storage
  const { name, setName } = useDisplayName(storage)
  expect(name.value).toBeNull()
  setName('Ann')
  expect(name.value).toBe('Ann')
})
