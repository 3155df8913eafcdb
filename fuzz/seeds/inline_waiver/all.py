# stanchion: waive a/b until=2027-05-24 kind=cost owner="@a b" versions=^1 checks=x,y -- because it is */
f()  // stanchion: waive-file a/c review-on=2027-01-01 declared=2026-01-01 -- why not -->
<!-- stanchion: waive a/d withdrawn=2026-12-24 instead=y -- reason -->
