# stanchion: waive
# stanchion: waive * -- x
# stanchion: waives a/b unitl=3 -- because
# stanchion: waive a/b c/d until=x "--" --
