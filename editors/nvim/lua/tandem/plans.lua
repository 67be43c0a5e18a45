--- Plans of changes: asks for the words, sends the requests, says what goes wrong. The rest the server shows itself.
local M = {}

local ask = require('tandem.ask')

---@class (exact) tandem.Wish
---@field textDocument? lsp.TextDocumentIdentifier
---@field range? lsp.Range

---@param method 'tandem/runPlan'|'tandem/discardPlan'|'tandem/stopPlan'
---@param words string The number of the plan; empty for the last one.
local function of_kept(method, words)
  local client, number = ask.server(), tonumber(words)
  if words ~= '' and not number then
    ask.warn(('`%s` is not the number of a plan'):format(words))
  elseif client then
    ask.request(client, method, number and { number = number } or vim.empty_dict())
  end
end

--- Ask for the words; nothing is planned if none are given. The code action "Plan refactor of ..." runs this.
---@param client vim.lsp.Client
---@param wish tandem.Wish
function M.ask(client, wish)
  local place = ''
  if wish.textDocument and wish.range then
    local file = vim.fn.fnamemodify(vim.uri_to_fname(wish.textDocument.uri), ':~:.')
    place = (' at %s:%d'):format(file, wish.range.start.line + 1)
  end
  vim.ui.input({ prompt = ('What should change%s? '):format(place) }, function(words)
    if words and vim.trim(words) ~= '' then
      ask.request(client, 'tandem/planRefactor', vim.tbl_extend('force', wish, { instruction = words }))
    end
  end)
end

--- `:Tandem plan`: have a change planned of what is at the cursor, or in the range.
---@param words string What should change; asked for if it is empty.
---@param command vim.api.keyset.create_user_command.command_args
function M.plan(words, command)
  local client = ask.server()
  if not client then
    return
  end
  local wish = {} ---@type tandem.Wish
  if vim.lsp.buf_is_attached(0, client.id) then
    local encoding, util = client.offset_encoding, vim.lsp.util
    wish = command.range == 0 and util.make_range_params(0, encoding)
      or util.make_given_range_params({ command.line1, 0 }, { command.line2, 0 }, 0, encoding)
  end
  if words == '' then
    M.ask(client, wish)
  else
    ask.request(client, 'tandem/planRefactor', vim.tbl_extend('force', wish, { instruction = words }))
  end
end

--- `:Tandem run`: carry a plan out, or go on with it.
---@param number string
function M.run(number)
  of_kept('tandem/runPlan', number)
end

--- `:Tandem discard`: give a plan up.
---@param number string
function M.discard(number)
  of_kept('tandem/discardPlan', number)
end

--- `:Tandem stop`: end what is being planned or carried out; what is done stays done.
function M.stop()
  of_kept('tandem/stopPlan', '')
end

return M
