import { complete, completion } from './completion.js'
import { mcp } from './mcp.js'
import { profile } from './profile.js'
import type { Syntax } from './Syntax.js'
import { demo, sandbox } from './sandbox.js'
import { serve } from './serve.js'
import { inspect, login, revoke } from './session.js'
import { store } from './store.js'
import { curl, downscope, exec, token } from './token.js'

/** All commands, in the order of the help. */
export const COMMANDS: ReadonlyArray<Syntax> = [
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
]
