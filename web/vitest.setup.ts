import { config } from '@vue/test-utils'

// A warning of Vue's is a failure.
config.global.config.warnHandler = (message) => {
  throw new Error(`Vue warns: ${message}`)
}
