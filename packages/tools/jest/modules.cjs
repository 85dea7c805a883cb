/**
 * Modules of test files without two costs of Jest's, each of which is a third of the processor's time:
 *
 * - each test file has a context of its own, where Node.js looks up every global, also `Object` and `Promise`, in an interceptor of
 *   its own. Here a module finds them as variables around it. What a test may replace, as the clock's functions, is not among them.
 * - each test file compiles all that it loads again, function by function. Here a process compiles a source once: what comes of it
 *   knows no context, and runs in each.
 */
const vm = require('node:vm')

/** Globals that no test replaces; their properties it may. */
const GLOBALS = [
  'Object, Function, Array, String, Number, Boolean, BigInt, Symbol, RegExp, Math, JSON, Reflect, Proxy',
  'Error, AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError',
  'Promise, Map, Set, WeakMap, WeakSet, WeakRef, FinalizationRegistry',
  'ArrayBuffer, SharedArrayBuffer, Atomics, DataView, Buffer, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array',
  'Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array',
  'parseInt, parseFloat, isNaN, isFinite, encodeURI, decodeURI, encodeURIComponent, decodeURIComponent',
  'TextEncoder, TextDecoder, URL, URLSearchParams, AbortController, AbortSignal, process',
]

/** The parameters of a module: by them Jest's calls are told from those of a test. */
const OF_MODULE = 'module,exports,require,__dirname,__filename'

/**
 * A replacement of `vm.compileFunction`, for all files of a process.
 * @param {typeof vm.compileFunction} compileFunction
 * @returns {typeof vm.compileFunction}
 */
module.exports = (compileFunction) => {
  const lookUp = new vm.Script(`[${GLOBALS}]`)
  /** @type {WeakMap<object, ReadonlyArray<unknown>>} */
  const globals = new WeakMap()
  /** @type {Map<string, { readonly source: string, readonly script: InstanceType<typeof vm.Script> }>} */
  const scripts = new Map()

  /** @param {import('node:vm').Context} context */
  const globalsOf = (context) => {
    const known = globals.get(context) ?? lookUp.runInContext(context)
    globals.set(context, known)
    return known
  }

  /**
   * @param {string} source
   * @param {string} before
   * @param {string} filename
   */
  const compile = (source, before, filename) => {
    const known = scripts.get(filename)
    if (known?.source === source) return known.script
    const script = new vm.Script(`${before}${source}\n}})`, { filename, columnOffset: -before.length })
    scripts.set(filename, { source, script })
    return script
  }

  return (source, parameters = [], options = {}) => {
    const { filename, parsingContext } = options
    const isModule = filename !== undefined && parsingContext !== undefined && `${parameters}`.startsWith(OF_MODULE)
    // An import at run time belongs to the test file that has compiled it.
    if (!isModule || /\bimport\s*\(/.test(source)) return compileFunction(source, parameters, options)
    const before = `(function(${GLOBALS}){return function(${parameters}){`
    return compile(source, before, filename).runInContext(parsingContext)(...globalsOf(parsingContext))
  }
}
