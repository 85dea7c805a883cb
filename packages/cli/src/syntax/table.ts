import { complete, completion } from './completion.js'
import { mcp } from './mcp.js'
import { profile } from './profile.js'
import type { Syntax } from './Syntax.js'
import { demo, sandbox } from './sandbox.js'
import { serve } from './serve.js'
import { inspect, login, revoke } from './session.js'
import { store } from './store.js'
import { curl, downscope, exec, token } from './token.js'

/** All commands by their names, in the order of the help. */
const COMMANDS: Readonly<Record<string, Syntax>> = {
  token,
  login,
  curl,
  exec,
  serve,
  profile,
  downscope,
  revoke,
  inspect,
  store,
  mcp,
  sandbox,
  demo,
  completion,
  complete,
}

/** What the arguments may be of: where the first of them is a command, that one alone. What completes them looks at all. */
export const commandsFor = ([first]: ReadonlyArray<string>): ReadonlyArray<Syntax> => {
  const named = Object.entries(COMMANDS).filter(([name, syntax]) => name === first && syntax !== complete)
  return (named.length > 0 ? named : Object.entries(COMMANDS)).map(([, syntax]) => syntax)
}
