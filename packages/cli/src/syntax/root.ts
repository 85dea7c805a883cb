/**
 * What every command takes, and the help of all.
 */
import { readFileSync } from 'node:fs'
import { type Command as Commander, Option } from 'commander'
import { parseBaseUrl } from '../baseUrl.js'
import { exitCodesHelp } from '../exitCode.js'
import { parseStore, type StorePlace, storesHelp } from '../storePlace.js'
import { DECIMAL, number, orThrow } from './values.js'

const version = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}

const baseUrl = (text: string): string => orThrow('--base-url', parseBaseUrl(text))
const store = (text: string): StorePlace => orThrow('--store', parseStore(text, process.cwd()))

export const describe = (root: Commander): void => {
  root
    .name('tessera')
    .description(
      'OAuth 2.0 tokens of any provider that are valid now, shared by every shell, and never lost.\n' +
        'Without installing it: npx @tessera/cli',
    )
    .version(version(), '-V, --version')
    .option('--profile <name>', 'the profile, a settings file in the configuration folder (TESSERA_PROFILE)')
    .option('--config <file>', "a settings file instead of a profile: box_config.json of Box's developer console")
    .option('--base-url <url>', 'for Box: another server than its own, such as the sandbox or a gateway', baseUrl)
    .option('--as <who>', 'whom the token is for: service, login, or for Box user:ID')
    .option('--store <url>', 'where sessions are kept (TESSERA_STORE): a folder, a Redis, a database; see below', store)
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait at most (30)').argParser(number(DECIMAL, 0.1, 86_400)),
    )
    .option('--json', 'one object on standard output')
    .option('--quiet', 'nothing on standard error but errors and what cannot do without you')
    .showHelpAfterError(false)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      `
Examples:
  $ curl -H "Authorization: Bearer $(tessera token)" https://api.box.com/2.0/users/me
  $ tessera token --config box_config.json --as user:12345
  $ tessera login                                    in the browser; --device for a machine without one
  $ tessera downscope --scope item_preview --resource file:123
  $ tessera token --store redis://redis.example      shared by many machines, with one TESSERA_KEY
  $ tessera token --store postgres://db.example/app  the same in the database that is there already
  $ tessera store list                               what is kept, of all profiles
  $ tessera mcp login https://mcp.example/mcp        an MCP server, by its URL alone
  $ tessera sandbox                                  a server to try it all on
  $ tessera demo                                     a tour in a few seconds
${storesHelp}
${exitCodesHelp}

Standard output carries what was asked for and nothing else: a token, a report, or the object of --json. Prompts, progress,
hints and errors go to standard error. NO_COLOR is respected.
TESSERA_CLIENT_SECRET and TESSERA_PASSPHRASE win over the settings file, TESSERA_KEY over the key file of the sessions.`,
    )
}
