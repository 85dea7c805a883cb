// What core and oauth2 take of io-ts, and nothing else.
// biome-ignore lint/style/noRestrictedImports: only a bundler reads this, and takes of the ES modules what is used, as of ours.
import * as t from 'io-ts/es6/index.js'

const Finite = t.refinement(t.number, Number.isFinite, 'finite')
const Record = t.intersection([
  t.type({ v: t.literal(1), access: t.string, members: t.record(t.string, t.string) }),
  t.partial({
    expires: Finite,
    nonce: t.union([t.string, t.null]),
    scope: t.readonlyArray(t.string),
    refused: t.boolean,
  }),
])

process.exitCode = Record.is(t.UnknownRecord.is(process.env) ? process.env : t.unknown) ? 0 : 1
