/** Scrolling of a list that grows at both ends: follows the newest unless the reader scrolled up. */

import { nextTick, onBeforeUnmount, onMounted, readonly, ref, watch, type Ref } from 'vue'

const TOLERANCE = 32 // pixels from the end that still count as the end

/**
 * @param viewport - the element that scrolls
 * @param content - its one child, which grows
 * @param ends - the keys of the first and the last item
 */
export function useStickyScroll(
  viewport: Readonly<Ref<HTMLElement | null>>,
  content: Readonly<Ref<HTMLElement | null>>,
  ends: () => { first: string | undefined; last: string | undefined },
) {
  const atEnd = ref(true)
  const unseen = ref(false)
  const observer = new ResizeObserver(() => {
    if (atEnd.value) toEnd()
  })

  function toEnd(): void {
    const element = viewport.value
    if (element) element.scrollTop = element.scrollHeight
    atEnd.value = true
    unseen.value = false
  }

  function onScroll(): void {
    const element = viewport.value
    if (!element) return
    atEnd.value = element.scrollHeight - element.scrollTop - element.clientHeight <= TOLERANCE
    if (atEnd.value) unseen.value = false
  }

  /** What was added above pushes nothing away: the reader keeps the place. */
  async function keepPlace(): Promise<void> {
    const element = viewport.value
    if (!element || atEnd.value) return
    const fromEnd = element.scrollHeight - element.scrollTop
    await nextTick()
    element.scrollTop = element.scrollHeight - fromEnd
  }

  watch(ends, (now, before) => {
    if (now.last !== before.last && !atEnd.value) unseen.value = true
    else if (now.first !== before.first) void keepPlace()
  })
  onMounted(() => {
    for (const element of [viewport.value, content.value]) if (element) observer.observe(element)
    toEnd()
  })
  onBeforeUnmount(() => {
    observer.disconnect()
  })

  return { unseen: readonly(unseen), toEnd, onScroll }
}
