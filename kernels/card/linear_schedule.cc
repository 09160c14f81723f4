#include "kernels/card/linear_schedule.h"

#include <cstring>

#include "base/status_macros.h"
#include "kernels/hls/word.h"

namespace moevit::card {
namespace {

int64_t ListWords(int64_t rows) {
  return (rows + hls::kRowIndicesPerWord - 1) / hls::kRowIndicesPerWord;
}

}  // namespace

absl::StatusOr<LinearSchedule> LinearSchedule::Allocate(
    const CardContext& context, int items, int lists, int64_t rows) {
  // Each list may leave a word partly unused.
  const int64_t words = items + ListWords(rows) + lists;
  LinearSchedule schedule;
  MOEVIT_ASSIGN_OR_RETURN(
      schedule.buffer_,
      context.Allocate(LinearPort::kSchedule, words * hls::kWordBytes));
  return schedule;
}

void LinearSchedule::Begin(int items) {
  items_ = 0;
  words_ = items;
}

absl::Span<hls::RowIndex> LinearSchedule::AddList(int64_t rows,
                                                  int32_t* first) {
  *first = static_cast<int32_t>(words_);
  auto* const list = reinterpret_cast<hls::RowIndex*>(buffer_->host().data() +
                                                      words_ * hls::kWordBytes);
  words_ += ListWords(rows);
  return absl::MakeSpan(list, static_cast<size_t>(rows));
}

void LinearSchedule::AddIndexed(absl::Span<const hls::LinearItem> items,
                                int64_t rows, int32_t first) {
  for (const hls::LinearItem& item : items) Add(item, rows, first, true);
}

void LinearSchedule::AddDense(absl::Span<const hls::LinearItem> items,
                              int64_t first, int64_t rows) {
  for (const hls::LinearItem& item : items) {
    Add(item, rows, static_cast<int32_t>(first), false);
  }
}

void LinearSchedule::Add(hls::LinearItem item, int64_t rows, int32_t first,
                         bool indexed) {
  item.rows = static_cast<int32_t>(rows);
  item.indexed = indexed ? 1 : 0;
  item.first = first;
  std::memcpy(buffer_->host().data() + int64_t{items_} * hls::kWordBytes, &item,
              sizeof(item));
  ++items_;
}

absl::Status LinearSchedule::Send(const CardContext& context) {
  return context.CopyToCard(buffer_.get(), words_ * hls::kWordBytes);
}

}  // namespace moevit::card
