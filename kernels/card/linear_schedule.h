// The schedule of one launch of the linear kernel: its items, then the lists
// of rows that they gather from and scatter to.

#ifndef MOEVIT_KERNELS_CARD_LINEAR_SCHEDULE_H_
#define MOEVIT_KERNELS_CARD_LINEAR_SCHEDULE_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/card/card.h"
#include "kernels/card/card_context.h"
#include "kernels/hls/descriptor.h"

namespace moevit::card {

// Thread-compatible. Begin, then lists and items in any order, then Send. What
// was sent stays valid until the next Begin.
class LinearSchedule {
 public:
  // Room for that many items, lists and rows in lists.
  static absl::StatusOr<LinearSchedule> Allocate(const CardContext& context,
                                                 int items, int lists,
                                                 int64_t rows);

  // Forgets everything. The launch will have at most `items` items.
  void Begin(int items);

  // A new list of `rows` rows, to be filled in by the caller; `first` is set to
  // what an item has to say of it.
  absl::Span<hls::RowIndex> AddList(int64_t rows, int32_t* first);

  // The items run the `rows` rows of the list at `first`.
  void AddIndexed(absl::Span<const hls::LinearItem> items, int64_t rows,
                  int32_t first);
  // The items run rows [first, first + rows) of the input, to the same of the
  // output.
  void AddDense(absl::Span<const hls::LinearItem> items, int64_t first,
                int64_t rows);

  // Copies what was added to the card.
  absl::Status Send(const CardContext& context);

  int items() const { return items_; }
  CardBuffer* buffer() const { return buffer_.get(); }

 private:
  void Add(hls::LinearItem item, int64_t rows, int32_t first, bool indexed);

  std::unique_ptr<CardBuffer> buffer_;
  int items_ = 0;
  int64_t words_ = 0;  // in use
};

}  // namespace moevit::card

#endif  // MOEVIT_KERNELS_CARD_LINEAR_SCHEDULE_H_
