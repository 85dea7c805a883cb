import * as AuthError from '../AuthError.js'
import { raised } from '../checking.js'
import type { TokenStore } from '../TokenStore.js'

/** From JavaScript comes what no type allows: it is thrown where it was written, as a typed error that names the argument. */
const wrong = (argument: string, message: string): never => raised(AuthError.misconfigured(argument, message))

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

/** Those of the members of an options object that must be functions. */
export const expectFunctions = (of: string, options: unknown, names: ReadonlyArray<string>): void => {
  for (const name of names) {
    if (typeof memberOf(options, name) !== 'function') wrong(`${of}.${name}`, 'it is no function')
  }
}

export const expectStrategy = (of: string, strategy: unknown): void => {
  if (typeof strategy !== 'function') wrong(`${of}.strategy`, 'it is no strategy: clientCredentials({ client }), say')
}

const isStore = (value: unknown): value is TokenStore =>
  typeof memberOf(value, 'get') === 'function' && typeof memberOf(value, 'compareAndSet') === 'function'

export const expectStore = (of: string, config: unknown): void => {
  if (isStore(config)) wrong(`${of}.store`, `the store is a member of the options: ${of}({ store })`)
  if (!isStore(memberOf(config, 'store'))) wrong(`${of}.store`, `it is no token store: ${of}({ store: memoryStore() })`)
}
