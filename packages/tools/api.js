// Compares the public surface of every library with the report beside it; with --update writes the report.
// Either way fails when the surface mentions a type that nobody can name.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'
import { surfaceOptions } from './compilerOptions.js'
import { libraries } from './published.js'
import { renamed } from './renamed.js'
import { unnameable } from './unnameable.js'

const update = process.argv.includes('--update')
const fresh = mkdtempSync(join(tmpdir(), 'api-'))

/** @param {import('./published.js').Published} of */
const check = ({ folder, short }) => {
  const entry = join(folder, 'dist', 'esm', 'index.d.ts')
  const report = `${short}.api.md`
  const off = { logLevel: ExtractorLogLevel.None }
  const error = { logLevel: ExtractorLogLevel.Error }
  /** @type {string[]} */
  const forgotten = []
  /** @type {string[]} */
  const problems = []
  const place = join(fresh, short)
  mkdirSync(place)
  Extractor.invoke(
    ExtractorConfig.prepare({
      configObject: {
        projectFolder: folder,
        mainEntryPointFilePath: entry,
        newlineKind: 'lf',
        compiler: {
          overrideTsconfig: {
            compilerOptions: surfaceOptions,
            files: [entry],
          },
        },
        apiReport: {
          enabled: true,
          includeForgottenExports: true,
          reportFileName: report,
          reportFolder: place,
          reportTempFolder: fresh,
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: {
          compilerMessageReporting: { default: error },
          extractorMessageReporting: {
            default: error,
            'ae-missing-release-tag': off,
            'ae-undocumented': off,
            'ae-unresolved-link': off,
          },
          tsdocMessageReporting: { default: off },
        },
      },
      packageJsonFullPath: join(folder, 'package.json'),
      configObjectFullPath: undefined,
    }),
    {
      localBuild: true,
      messageCallback: (message) => {
        message.handled = true
        if (message.messageId === 'ae-forgotten-export')
          forgotten.push(/"(\w+)"/.exec(message.text)?.[1] ?? message.text)
        else if (message.logLevel === ExtractorLogLevel.Error) problems.push(`${message.messageId}: ${message.text}`)
      },
    },
  )
  const made = readFileSync(join(fresh, report), 'utf8')
  for (const name of unnameable(made, forgotten))
    problems.push(`the type ${name} is part of the surface, but no export names it`)
  const now = renamed(made)
  const kept = join(folder, report)
  if (update) writeFileSync(kept, now)
  else if (!existsSync(kept) || readFileSync(kept, 'utf8') !== now) {
    problems.push(`the surface is not the one of ${report}; if that is meant: npm run check api -- --update`)
    writeFileSync(join(fresh, report), now)
    spawnSync('git', ['--no-pager', 'diff', '--no-index', '--', kept, join(fresh, report)], { stdio: 'inherit' })
  }
  for (const problem of problems) console.error(`${short}: ${problem}`)
  return problems.length
}

try {
  const count = libraries.map(check).reduce((sum, n) => sum + n, 0)
  console.log(count === 0 ? `${libraries.length} surfaces are as reported` : `${count} problems`)
  process.exitCode = count === 0 ? 0 : 1
} finally {
  rmSync(fresh, { recursive: true })
}
