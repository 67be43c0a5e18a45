-- What `vim.lsp.enable('tandem')` starts. `require('tandem').setup()` overrides parts of it; see :help tandem-setup.
---@type vim.lsp.Config
return {
  cmd = { 'tandem', 'serve' },
  -- Languages only, so that a commit message or a help page starts no server.
  -- stylua: ignore
  filetypes = {
    'bash', 'c', 'cpp', 'cs', 'css', 'dart', 'elixir', 'go', 'haskell', 'html', 'java', 'javascript',
    'javascriptreact', 'julia', 'kotlin', 'lua', 'ocaml', 'php', 'python', 'ruby', 'rust', 'scala', 'sh',
    'sql', 'swift', 'typescript', 'typescriptreact', 'vue', 'zig',
  },
  -- Neovim prints an edit's annotation on lines of its own, so each rewrite would end in a "Press ENTER".
  before_init = function(params)
    params.capabilities.workspace.workspaceEdit.changeAnnotationSupport = nil
  end,
  -- The server may offer to plan a change: the words are asked for here.
  capabilities = { experimental = { tandem = { input = true } } },
  commands = {
    ['tandem.askPlan'] = function(command, context)
      require('tandem.plans').ask(assert(vim.lsp.get_client_by_id(context.client_id)), command.arguments[1])
    end,
  },
  root_markers = { '.git', 'pyproject.toml', 'package.json', 'Cargo.toml', 'go.mod' },
}
