// Compares the public surface of every library with the report beside it; with --update writes the report.
// Either way fails when the surface mentions a type that nobody can name.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'
import { libraries } from './published.js'
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
  const result = Extractor.invoke(
    ExtractorConfig.prepare({
      configObject: {
        projectFolder: folder,
        mainEntryPointFilePath: entry,
        newlineKind: 'lf',
        compiler: {
          overrideTsconfig: {
            compilerOptions: {
              target: 'es2022',
              lib: ['es2023', 'dom'],
              module: 'nodenext',
              strict: true,
              skipLibCheck: true,
              types: ['node'],
            },
            files: [entry],
          },
        },
        apiReport: {
          enabled: true,
          includeForgottenExports: true,
          reportFileName: report,
          reportFolder: folder,
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
      localBuild: update,
      messageCallback: (message) => {
        message.handled = true
        if (message.messageId === 'ae-forgotten-export')
          forgotten.push(/"(\w+)"/.exec(message.text)?.[1] ?? message.text)
        else if (message.logLevel === ExtractorLogLevel.Error) problems.push(`${message.messageId}: ${message.text}`)
      },
    },
  )
  for (const name of unnameable(readFileSync(join(fresh, report), 'utf8'), forgotten))
    problems.push(`the type ${name} is part of the surface, but no export names it`)
  if (result.apiReportChanged && !update) {
    problems.push(`the surface is not the one of ${report}; if that is meant: npm run api -- --update`)
    spawnSync('git', ['--no-pager', 'diff', '--no-index', '--', join(folder, report), join(fresh, report)], {
      stdio: 'inherit',
    })
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
