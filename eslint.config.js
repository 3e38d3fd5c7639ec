// Lint that knows types: in a refund system a forgotten `await` is a money bug. Layout is Biome's business, imports
// between folders are dependency-cruiser's, unused things are knip's.
import { builtinModules } from 'node:module';
import tseslint from 'typescript-eslint';

const NODE_MODULES = builtinModules.filter((name) => !name.startsWith('_'));

/** Business time, wall time and ids are given to code; only composition roots make them. */
const AMBIENT_TIME_AND_CHANCE = [
  {
    selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
    message: 'Take a Clock: only composition roots read the time.',
  },
  {
    selector: 'CallExpression[callee.name="Date"]',
    message: 'Take a Clock: only composition roots read the time.',
  },
  {
    selector: 'MemberExpression[object.name="Date"][property.name="now"]',
    message: 'Take a Clock: only composition roots read the time.',
  },
  {
    selector: 'MemberExpression[object.name="Math"][property.name="random"]',
    message: 'Take an id maker or a random source from the composition root.',
  },
  {
    selector: 'Identifier[name="randomUUID"]',
    message: 'Take an id maker from the composition root.',
  },
];

const EVERYWHERE = [
  {
    selector: 'NewExpression[callee.name="TextDecoder"][arguments.0.value=/^(gbk|gb2312|GBK|GB2312)$/]',
    message: 'Channels write GB 18030: use TextDecoder("gb18030", { fatal: true }).',
  },
  { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
];

const NO_DEFAULT_EXPORT = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name: one thing has one name everywhere.',
};

export default tseslint.config(
  { ignores: ['node_modules/', '.yuanlu/', 'dist/', 'coverage/', 'test/replay/histories/'] },
  { linterOptions: { noInlineConfig: true } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-deprecated': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      // Interfaces are asynchronous because some implementation must wait; another one need not.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: false },
      ],
      'no-restricted-syntax': ['error', ...EVERYWHERE, NO_DEFAULT_EXPORT, ...AMBIENT_TIME_AND_CHANCE],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    // Composition roots, the stand-in for the channels, and what is not the product.
    files: ['workers/**', 'cli/**', 'sandbox/**', 'test/**', 'bench/**', 'scripts/**'],
    ignores: ['**/*.js'],
    rules: { 'no-restricted-syntax': ['error', ...EVERYWHERE, NO_DEFAULT_EXPORT] },
  },
  {
    // Tools ask their configuration to be the default export; Vitest its reporters, too.
    files: ['*.config.ts', 'test/support/no-skips-reporter.ts'],
    rules: { 'no-restricted-syntax': ['error', ...EVERYWHERE] },
  },
  {
    // Workflow code is replayed: it runs in a sandbox without node, and must do the same thing each time.
    files: ['workflows/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [...NODE_MODULES, 'axios', 'zod', 'pg', 'pino'],
          patterns: ['node:*', '@temporalio/worker*'],
        },
      ],
      'no-restricted-globals': ['error', 'process', 'Buffer', 'fetch', 'performance', 'WeakRef'],
    },
  },
  {
    files: ['domain/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: NODE_MODULES, patterns: ['node:*'] }],
      'no-restricted-globals': [
        'error',
        'process',
        'fetch',
        'setTimeout',
        'setInterval',
        'Intl',
        'performance',
      ],
    },
  },
);
