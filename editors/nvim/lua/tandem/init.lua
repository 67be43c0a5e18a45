--- Tandem in Neovim: starts `tandem serve`, shows its ghost text, binds the keys.
---
--- When to ask, what to show and what it may cost are the server's business, so that every editor behaves alike.
local M = {}

---@class (exact) tandem.Keys
---@field accept? string|false Take the ghost text; does what it did before when there is none.
---@field next? string|false
---@field previous? string|false
---@field trigger? string|false Ask by hand: several completions may come.

---@class (exact) tandem.Options
---@field cmd? string[] The command that starts the server.
---@field filetypes? string[]
---@field settings? table<string, any> The `tandem` section, as in the settings reference.
---@field keys? tandem.Keys

---@type tandem.Keys
local KEYS = { accept = '<Tab>', next = '<M-]>', previous = '<M-[>', trigger = [[<M-\>]] }
---@type table<string, string> What may follow `:Tandem`, and the module whose function of that name does it.
local COMMANDS = {
  discard = 'tandem.plans',
  log = 'tandem',
  plan = 'tandem.plans',
  restart = 'tandem',
  run = 'tandem.plans',
  stop = 'tandem.plans',
  toggle = 'tandem',
  why = 'tandem',
}
local NAME = 'tandem'
local STOP_MS = 2000 -- The server answers `shutdown` in a few milliseconds; this is for one that hangs.

--- Configure and enable the server. Called once from the user's configuration.
---@param options? tandem.Options
function M.setup(options)
  options = options or {}
  if vim.fn.has('nvim-0.11') == 0 then
    vim.notify('Tandem needs Neovim 0.11 or newer (0.12 for ghost text).', vim.log.levels.ERROR)
    return
  end
  vim.lsp.config(NAME, {
    cmd = options.cmd,
    filetypes = options.filetypes,
    init_options = options.settings,
    settings = { [NAME] = options.settings },
  })
  local keys = vim.tbl_extend('force', KEYS, options.keys or {})
  vim.api.nvim_create_autocmd('LspAttach', {
    group = vim.api.nvim_create_augroup('tandem.attach', {}),
    callback = function(event)
      local client = vim.lsp.get_client_by_id(event.data.client_id)
      if client and client.name == NAME then
        M._attach(client, event.buf, keys)
      end
    end,
  })
  vim.api.nvim_create_user_command('Tandem', function(command)
    local name, words = command.args:match('^(%S+)%s*(.*)$')
    if COMMANDS[name] then
      require(COMMANDS[name])[name](words, command)
    else
      vim.notify('Tandem: there is no `:Tandem ' .. name .. '`', vim.log.levels.ERROR)
    end
  end, {
    nargs = '+',
    range = true,
    desc = 'Tandem: plan a change and carry it out, or look after the server and its ghost text',
    complete = function(typed, line)
      local names = line:match('Tandem%s+%S*$') and vim.tbl_keys(COMMANDS) or {}
      return vim.tbl_filter(function(name)
        return vim.startswith(name, typed)
      end, names)
    end,
  })
  vim.api.nvim_create_user_command('TandemReview', function(command)
    require('tandem.reviews').review(command)
  end, {
    nargs = '*',
    desc = 'Tandem: review a change before it is committed',
    complete = function(typed, line)
      return require('tandem.reviews').complete(typed, line)
    end,
  })
  M._start()
end

--- Enable the server, or say once what is missing: Neovim itself would complain at every file opened.
function M._start()
  local cmd = vim.lsp.config[NAME].cmd
  local program = type(cmd) == 'table' and cmd[1] or nil
  if not program or vim.fn.executable(program) == 1 then
    vim.lsp.enable(NAME)
    return
  end
  local message = 'Tandem: `%s` is not an executable. Install it (`pip install tandem-ls`) or name it with '
    .. '`cmd` in setup(), then run `:Tandem restart`.'
  vim.notify(message:format(program), vim.log.levels.ERROR)
end

--- Show completions in a buffer the server was attached to: ghost text where both sides know it, else the menu.
--- For code actions it is told what others say.
---@param client vim.lsp.Client
---@param buffer integer
---@param keys tandem.Keys
function M._attach(client, buffer, keys)
  require('tandem.diagnostics').send(client)
  if vim.lsp.inline_completion and client:supports_method('textDocument/inlineCompletion') then
    vim.lsp.inline_completion.enable(true, { bufnr = buffer })
    require('tandem.keys').map(buffer, keys)
  elseif client:supports_method('textDocument/completion') then
    vim.lsp.completion.enable(true, client.id, buffer, { autotrigger = true })
  end
end

--- Switch the ghost text of the current buffer off, and on again.
function M.toggle()
  if vim.lsp.inline_completion then
    vim.lsp.inline_completion.enable(not vim.lsp.inline_completion.is_enabled({ bufnr = 0 }), { bufnr = 0 })
  end
end

--- Say what became of the last completion that was asked for in the current buffer.
function M.why()
  local client = vim.lsp.get_clients({ name = NAME, bufnr = 0 })[1]
  if not client then
    vim.notify('Tandem: the server is not attached to this buffer', vim.log.levels.WARN)
    return
  end
  local params = { textDocument = vim.lsp.util.make_text_document_params(0) }
  client:request('tandem/whyNoCompletion', params, function(problem, answer)
    if problem then
      vim.notify('Tandem: ' .. problem.message, vim.log.levels.WARN)
    else
      vim.notify(('Tandem: %s (%s)'):format(answer.reason, answer.stage))
    end
  end, 0)
end

--- Stop the server and start it again for the files that are open.
function M.restart()
  local function running()
    return vim.lsp.get_clients({ name = NAME })
  end
  for _, client in ipairs(running()) do
    client:stop()
  end
  if not vim.wait(STOP_MS, function()
    return #running() == 0
  end, 20) then
    for _, client in ipairs(running()) do
      client:stop(true)
    end
  end
  M._start()
end

--- Open Neovim's language server log, where the server's messages and its stderr go.
function M.log()
  vim.cmd.tabedit(vim.fn.fnameescape(vim.lsp.log.get_filename()))
end

return M
