--- The insert-mode keys of the ghost text. Each does what it did before when there is nothing to act on.
local M = {}

--- What a key did before, as the value of an expression mapping.
---@param previous vim.api.keyset.get_keymap|table<string, any> From `maparg()`; empty for a key that was not mapped.
---@param key string
---@return string
local function before(previous, key)
  if previous.callback then
    local result = previous.callback()
    return previous.expr == 1 and result or ''
  end
  if previous.rhs then
    return previous.expr == 1 and vim.api.nvim_eval(previous.rhs) or previous.rhs
  end
  return key
end

---@param buffer integer
---@param key string|false|nil
---@param description string
---@param act fun(): boolean Whether there was something to act on.
local function map(buffer, key, description, act)
  if not key then
    return
  end
  local previous = vim.api.nvim_buf_call(buffer, function()
    return vim.fn.maparg(key, 'i', false, true)
  end)
  if previous.desc == description then
    return -- Ours already: the server was restarted.
  end
  vim.keymap.set('i', key, function()
    return act() and '' or before(previous, key)
  end, { buffer = buffer, expr = true, remap = previous.noremap == 0, desc = description })
end

---@param count integer
---@return fun(): boolean
local function select(count)
  return function()
    -- An expression mapping may not change text, and showing another item redraws the ghost text.
    vim.schedule(function()
      vim.lsp.inline_completion.select({ count = count })
    end)
    return true
  end
end

--- Ask as a person does, which may bring several completions; Neovim 0.12 itself only asks while one types.
---
--- It knows such requests but offers no function for them, so this reaches for the object behind the module, and does
--- nothing where a later Neovim has it elsewhere.
---@param buffer integer
---@return boolean
local function trigger(buffer)
  local found, capability = pcall(require, 'vim.lsp._capability')
  local feature = found and vim.tbl_get(capability, 'all', 'inline_completion')
  local completor = feature and vim.tbl_get(feature, 'active', buffer)
  if not completor or not completor.request or not completor.reset_timer then
    return false
  end
  vim.schedule(function()
    completor:reset_timer() -- What was typed last would be asked about by itself, and replace this answer.
    completor:request(vim.lsp.protocol.InlineCompletionTriggerKind.Invoked)
  end)
  return true
end

--- Make a completion fit what was typed since it was asked for, or drop it.
---
--- Neovim 0.12 goes on showing a completion while the user types along, but accepts it at the range it was made for:
--- what was typed meanwhile would stay behind it. So the text between is put back to what the completion starts with.
---@param buffer integer
---@param item vim.lsp.inline_completion.Item
---@return vim.lsp.inline_completion.Item?
local function fit(buffer, item)
  local text = item.insert_text
  if type(text) ~= 'string' or not item.range then
    return item
  end
  local first_row, first, last_row, last = item.range:to_extmark()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  row = row - 1
  if row == last_row and column == last then
    return item
  end
  local typed = vim.api.nvim_buf_get_lines(buffer, row, row + 1, true)[1]:sub(first + 1, column)
  if first_row ~= row or last_row ~= row or column < first or not vim.startswith(text, typed) then
    return nil
  end
  vim.api.nvim_buf_set_text(buffer, row, first, row, column, { text:sub(1, last - first) })
  return item
end

---@param buffer integer
---@param keys tandem.Keys
function M.map(buffer, keys)
  map(buffer, keys.accept, 'Tandem: accept the completion', function()
    return vim.lsp.inline_completion.get({
      bufnr = buffer,
      on_accept = function(item)
        return fit(buffer, item)
      end,
    })
  end)
  map(buffer, keys.next, 'Tandem: next completion', select(1))
  map(buffer, keys.previous, 'Tandem: previous completion', select(-1))
  map(buffer, keys.trigger, 'Tandem: ask for completions', function()
    return trigger(buffer)
  end)
end

return M
