/** The reader's name, kept by the browser between visits. */

import { readonly, ref } from 'vue'

const KEY = 'chat.name'

export function useDisplayName(storage: Storage = localStorage) {
  const name = ref<string | null>(read())

  function read(): string | null {
    try {
      return storage.getItem(KEY)
    } catch {
      return null // storage is switched off: the name is asked for each time
    }
  }

  function write(value: string): void {
    try {
      storage.setItem(KEY, value)
    } catch {
      /* as above */
    }
  }

  return {
    name: readonly(name),
    setName: (chosen: string) => {
      name.value = chosen
      write(chosen)
    },
  }
}
